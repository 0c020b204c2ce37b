/* Hands over a view that is longer than its memory. */
#include "animal.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  jn_event event;
  const jn_status status = read_event(call, request, &event);
  (void)instance;
  if (status != JN_OK) return status;
  event.metadata_json.ptr = "{}";
  event.metadata_json.len = (size_t)1 << 40;
  return give(call, sink, &event);
}
#define HANDLE faulty
#include "animal_tables.h"
