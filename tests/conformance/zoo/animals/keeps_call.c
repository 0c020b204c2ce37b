/* Uses the call of last time. */
#include "animal.h"

static const jn_call* last;
static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  const jn_str line = str("hello");
  if (last) logs->write(last, JN_LOG_INFO, &line, NULL);
  last = call;
  return good_handle(call, instance, request, sink);
}
#define HANDLE faulty
#include "animal_tables.h"
