/* Takes memory in every open that close does not give back. */
#include "animal.h"

static char* volatile forgotten; /* seen by the compiler as used */

static jn_status faulty(const jn_plugin* self, const jn_host* host) {
  forgotten = (char*)malloc(64 * 1024);
  if (!forgotten) return JN_E_TOO_LARGE;
  memset(forgotten, 1, 64 * 1024);
  return good_open(self, host);
}
#define OPEN faulty
#include "animal_tables.h"
