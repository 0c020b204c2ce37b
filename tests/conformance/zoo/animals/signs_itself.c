/* Checks its signatures, and does it right: nothing may catch it. */
#include "signer.h"
#define VERIFY good_verify
#include "animal_tables.h"
