/* Accepts the host it was built for, and no newer one. */
#include "animal.h"
#define ACCEPTS(minor) ((minor) == JN_ABI_MINOR)
#include "animal_tables.h"
