/* Checks the mark, which covers the time, and never looks at the clock. */
#include "signer.h"
static jn_status verify(const jn_call* call, jn_instance* instance, const jn_http_in* request) {
  (void)instance;
  return check_mark(call, request, request->body);
}
#define VERIFY verify
#include "animal_tables.h"
