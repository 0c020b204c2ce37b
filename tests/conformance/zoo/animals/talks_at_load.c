/* Prints in a constructor. */
#include <unistd.h>

#include "animal.h"

__attribute__((constructor)) static void at_load(void) {
  if (write(2, "hello\n", 6) < 0) abort();
}
#include "animal_tables.h"
