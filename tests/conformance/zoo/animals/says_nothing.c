/* Fails without a word. */
#include "animal.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  jn_json_node root;
  if (json->parse(call, &request->body, &root) != JN_OK) return JN_E_INVALID;
  return good_handle(call, instance, request, sink);
}
#define HANDLE faulty
#include "animal_tables.h"
