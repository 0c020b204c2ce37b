/* Makes processes without end. The limits of whoever runs it must stop the first. */
#include <unistd.h>
#include "animal.h"
static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  int i;
  for (i = 0; i < 8; ++i) {
    if (fork() == 0) _exit(0); /* children end at once: a bomb that does not hurt the machine */
  }
  return good_handle(call, instance, request, sink);
}
#define HANDLE faulty
#include "animal_tables.h"
