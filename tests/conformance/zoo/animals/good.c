/* Does everything right: nothing may catch it. */
#include "animal.h"
#include "animal_tables.h"
