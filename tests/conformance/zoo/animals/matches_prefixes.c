/* Takes every id that begins like its own. */
#include "animal.h"
#define INTERFACE faulty
#include "animal_tables.h"

static const void* faulty(const jn_plugin* self, const char* id) {
  (void)self;
  if (strncmp(id, JN_CONNECTOR_ID, 17) == 0) return &connector_table;
  if (strncmp(id, JN_WEBHOOK_ID, 15) == 0) return &webhook_table;
  return NULL;
}
