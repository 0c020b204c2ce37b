/* Describes its events by a schema, and they fit it. */
#include "animal.h"
#include "animal_tables.h"
