/* Opens a file per call and forgets it. */
#include <fcntl.h>
#include "animal.h"
static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  if (open("/dev/null", O_RDONLY) < 0) return refuse(call, JN_E_INTERNAL, "no descriptor");
  return good_handle(call, instance, request, sink);
}
#define HANDLE faulty
#include "animal_tables.h"
