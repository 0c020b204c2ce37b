/* Numbers events by a counter of the whole library. */
#include <stdio.h>
#include "animal.h"
static unsigned long count;
static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  jn_event event;
  char id[32];
  const jn_status status = read_event(call, request, &event);
  if (status != JN_OK) return status;
  event.id.len = (size_t)snprintf(id, sizeof id, "evt_%lu", ++count);
  event.id.ptr = id;
  (void)instance;
  return give(call, sink, &event);
}
#define HANDLE faulty
#include "animal_tables.h"
