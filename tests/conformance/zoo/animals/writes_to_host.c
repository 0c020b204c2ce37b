/* Replaces a function of the host by one of its own. */
#include "animal.h"

static void silence(const jn_call* call, uint32_t level, const jn_str* msg, const jn_map* fields) {
  (void)call;
  (void)level;
  (void)msg;
  (void)fields;
}
static jn_status faulty(const jn_plugin* self, const jn_host* host) {
  const jn_status status = good_open(self, host);
  if (status == JN_OK) ((jn_log*)(size_t)logs)->write = silence;
  return status;
}
#define OPEN faulty
#include "animal_tables.h"
