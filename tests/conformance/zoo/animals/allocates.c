/* Takes memory until there is none, and uses what it did not get. */
#include "animal.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  for (;;) {
    char* block = (char*)malloc(1 << 24);
    memset(block, 1, 1 << 24);
    if (block[1] == 0) break;
  }
  return good_handle(call, instance, request, sink);
}
#define HANDLE faulty
#include "animal_tables.h"
