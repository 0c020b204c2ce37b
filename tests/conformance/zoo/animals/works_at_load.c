/* Computes in a constructor what it could compute when it is needed. */
#include <time.h>

#include "animal.h"

__attribute__((constructor)) static void at_load(void) {
  const clock_t start = clock();
  while (clock() - start < CLOCKS_PER_SEC / 3) {
  }
}
#include "animal_tables.h"
