/* Goes to the network by itself. */
#include <sys/socket.h>
#include "animal.h"
static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  if (socket(AF_INET, SOCK_STREAM, 0) == -2) return JN_E_INTERNAL;
  return good_handle(call, instance, request, sink);
}
#define HANDLE faulty
#include "animal_tables.h"
