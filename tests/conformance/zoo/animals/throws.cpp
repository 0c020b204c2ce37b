/* Lets an exception out into C. */
#include <stdexcept>
#include "animal.h"
static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  if (request->body.len > 0) throw std::runtime_error("out");
  return good_handle(call, instance, request, sink);
}
#define HANDLE faulty
#include "animal_tables.h"
