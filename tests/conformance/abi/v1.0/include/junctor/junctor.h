/* Junctor connector ABI v1, all of it. A connector in C needs this header alone. */
#ifndef JUNCTOR_JUNCTOR_H
#define JUNCTOR_JUNCTOR_H

#include "actions.h"
#include "call.h"
#include "clock.h"
#include "codec.h"
#include "connector.h"
#include "crypto.h"
#include "fields.h"
#include "hooks.h"
#include "host.h"
#include "http.h"
#include "json.h"
#include "kv.h"
#include "log.h"
#include "metrics.h"
#include "oauth.h"
#include "plugin.h"
#include "poll.h"
#include "secrets.h"
#include "types.h"
#include "webhook.h"

#endif
