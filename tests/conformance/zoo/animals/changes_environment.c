/* Sets the time zone of the whole process. */
#define _GNU_SOURCE
#include "animal.h"

static jn_status faulty(const jn_plugin* self, const jn_host* host) {
  setenv("TZ", "Asia/Tokyo", 1);
  return good_open(self, host);
}
#define OPEN faulty
#include "animal_tables.h"
