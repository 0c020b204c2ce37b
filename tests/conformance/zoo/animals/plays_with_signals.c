/* Takes SIGTERM for itself. */
#include <signal.h>

#include "animal.h"

static jn_status faulty(const jn_plugin* self, const jn_host* host) {
  signal(SIGTERM, SIG_IGN);
  return good_open(self, host);
}
#define OPEN faulty
#include "animal_tables.h"
