/* Checks the mark of other bytes than those that came: without the space at their end. */
#include "signer.h"
static jn_status verify(const jn_call* call, jn_instance* instance, const jn_http_in* request) {
  jn_str body = request->body;
  jn_status status = good_verify(call, instance, request);
  while (body.len > 0 && (body.ptr[body.len - 1] == '\n' || body.ptr[body.len - 1] == ' ')) {
    --body.len;
    if (status != JN_OK) status = check_mark(call, request, body);
  }
  return status;
}
#define VERIFY verify
#include "animal_tables.h"
