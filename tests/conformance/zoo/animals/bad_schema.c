/* Its manifest has a schema of an event that is none. */
#include "animal.h"
#include "animal_tables.h"
