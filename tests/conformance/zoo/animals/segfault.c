/* Writes through NULL. */
#include "animal.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  volatile int* nowhere = NULL;
  *nowhere = 1;
  return good_handle(call, instance, request, sink);
}
#define HANDLE faulty
#include "animal_tables.h"
