/* Puts an address into the event, which differs from instance to instance. */
#include <stdio.h>
#include "animal.h"
static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  jn_event event;
  char id[32];
  const jn_status status = read_event(call, request, &event);
  if (status != JN_OK) return status;
  event.id.len = (size_t)snprintf(id, sizeof id, "evt_%p", (void*)instance);
  event.id.ptr = id;
  return give(call, sink, &event);
}
#define HANDLE faulty
#include "animal_tables.h"
