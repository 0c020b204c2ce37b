/* Checks a mark only if there is one. */
#include "signer.h"
static jn_status verify(const jn_call* call, jn_instance* instance, const jn_http_in* request) {
  if (header(request, "X-Zoo-Mark").len == 0) return JN_OK;
  return good_verify(call, instance, request);
}
#define VERIFY verify
#include "animal_tables.h"
