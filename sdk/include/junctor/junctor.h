/* Junctor connector ABI v1, all of it. A connector in C needs this header alone. */
#ifndef JUNCTOR_JUNCTOR_H
#define JUNCTOR_JUNCTOR_H

#include "call.h"
#include "clock.h"
#include "codec.h"
#include "connector.h"
#include "crypto.h"
#include "host.h"
#include "json.h"
#include "log.h"
#include "plugin.h"
#include "types.h"
#include "webhook.h"

#endif
