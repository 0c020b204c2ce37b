/* Takes the body for a text that ends with NUL. */
#include "animal.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  if (strlen(request->body.ptr) == 1) return JN_OK;
  return good_handle(call, instance, request, sink);
}
#define HANDLE faulty
#include "animal_tables.h"
