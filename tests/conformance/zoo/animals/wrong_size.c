/* Says that its table is smaller than it is. */
#include "animal.h"
#define PLUGIN_SIZE 24
#include "animal_tables.h"
