/* Knows two event types and fails for all others. */
#include "animal.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  jn_event event;
  const jn_status status = read_event(call, request, &event);
  (void)instance;
  if (status != JN_OK) return status;
  if (event.type.len < 6 || memcmp(event.type.ptr, "thing.", 6) != 0)
    return refuse(call, JN_E_INVALID, "never heard of it");
  return give(call, sink, &event);
}
#define HANDLE faulty
#include "animal_tables.h"
