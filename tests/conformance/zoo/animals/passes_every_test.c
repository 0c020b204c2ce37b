/* Says that every connection is good. */
#include "actor.h"

static jn_status faulty(const jn_call* call, jn_instance* instance, const jn_str* params) {
  (void)call;
  (void)instance;
  (void)params;
  return JN_OK;
}
#undef TEST
#define TEST faulty
#define EXECUTE good_execute
#define POLL good_poll
#include "animal_tables.h"
