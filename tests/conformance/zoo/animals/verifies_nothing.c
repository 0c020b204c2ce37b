/* Takes every request for signed. */
#include "signer.h"
static jn_status verify(const jn_call* call, jn_instance* instance, const jn_http_in* request) {
  (void)call;
  (void)instance;
  (void)request;
  return JN_OK;
}
#define VERIFY verify
#include "animal_tables.h"
