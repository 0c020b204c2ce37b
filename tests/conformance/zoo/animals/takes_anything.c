/* Makes an instance whatever the settings are. */
#include "animal.h"

static jn_status faulty(const jn_call* call, const jn_str* config, jn_instance** out) {
  (void)call;
  (void)config;
  *out = (jn_instance*)calloc(1, sizeof(animal));
  return *out ? JN_OK : JN_E_TOO_LARGE;
}
#define CREATE faulty
#include "animal_tables.h"
