/* Calls itself for ever. */
#include "animal.h"

static size_t deeper(volatile char* above, size_t level) {
  volatile char here[512];
  here[0] = above[0];
  return level == 0 ? 0 : deeper(here, level + 1) + (size_t)here[0];
}
static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  volatile char start[1] = {0};
  if (deeper(start, 1) == 1) return JN_E_INTERNAL;
  return good_handle(call, instance, request, sink);
}
#define HANDLE faulty
#include "animal_tables.h"
