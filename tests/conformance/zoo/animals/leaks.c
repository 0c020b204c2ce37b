/* Forgets a little memory per call. */
#include "animal.h"

static char* volatile forgotten; /* seen by the compiler as used */

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  forgotten = (char*)malloc(64);
  if (forgotten) memset(forgotten, 1, 64);
  return good_handle(call, instance, request, sink);
}
#define HANDLE faulty
#include "animal_tables.h"
