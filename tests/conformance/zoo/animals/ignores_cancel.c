/* Goes on when the host has given up. */
#include "animal.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  jn_event event;
  int i;
  jn_json_node root;
  for (i = 0; i < 100; ++i) (void)json->parse(call, &request->body, &root);
  if (read_event(call, request, &event) != JN_OK) return refuse(call, JN_E_INVALID, "no");
  (void)instance;
  return give(call, sink, &event);
}
#define HANDLE faulty
#include "animal_tables.h"
