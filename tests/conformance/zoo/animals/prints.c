/* Prints what it sees. */
#include <stdio.h>
#include "animal.h"
static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  printf("%.*s\\n", (int)request->body.len, request->body.ptr);
  return good_handle(call, instance, request, sink);
}
#define HANDLE faulty
#include "animal_tables.h"
