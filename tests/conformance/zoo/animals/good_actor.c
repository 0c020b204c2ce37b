/* Acts, and does it right: nothing may catch it. */
#include "actor.h"
#define EXECUTE good_execute
#define POLL good_poll
#include "animal_tables.h"
