/* Its events are not as the schema in its manifest says. */
#include "animal.h"
#include "animal_tables.h"
