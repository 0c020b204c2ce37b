/* Answers with a number of its own. */
#include "animal.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  const jn_status status = good_handle(call, instance, request, sink);
  return status == JN_OK ? JN_OK : 7;
}
#define HANDLE faulty
#include "animal_tables.h"
