/* Starts a thread and never joins it. */
#include <pthread.h>
#include <unistd.h>

#include "animal.h"

static void* idle(void* nothing) {
  for (;;) sleep(1);
  return nothing;
}
static jn_status faulty(const jn_plugin* self, const jn_host* host) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, idle, NULL) != 0) return JN_E_INTERNAL;
  return good_open(self, host);
}
#define OPEN faulty
#include "animal_tables.h"
