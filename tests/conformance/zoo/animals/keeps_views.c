/* Remembers the body of the last call. */
#include "animal.h"

static const char* last;
static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  if (last && *last == 1) return JN_OK;
  last = request->body.ptr;
  return good_handle(call, instance, request, sink);
}
#define HANDLE faulty
#include "animal_tables.h"
