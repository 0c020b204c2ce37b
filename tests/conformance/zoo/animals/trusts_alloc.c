/* Does not look at what alloc gives. */
#include "animal.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  char* copy = (char*)call->alloc(call, request->body.len + 1, 1);
  memcpy(copy, request->body.ptr, request->body.len);
  return good_handle(call, instance, request, sink);
}
#define HANDLE faulty
#include "animal_tables.h"
