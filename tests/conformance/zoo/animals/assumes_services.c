/* Takes it for granted that the host offers everything. */
#include "animal.h"

static jn_status faulty(const jn_plugin* self, const jn_host* host) {
  (void)good_open(self, host);
  return logs->struct_size >= sizeof(jn_log) ? JN_OK : JN_E_UNSUPPORTED;
}
#define OPEN faulty
#include "animal_tables.h"
