/* Junctor connector ABI v1: junctor.clock/1. Connectors read no other clock: replays and tests set
 * this one. */
#ifndef JUNCTOR_CLOCK_H
#define JUNCTOR_CLOCK_H

#include "call.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_CLOCK_ID "junctor.clock/1"

/* Since 1.0. */
typedef struct jn_clock {
  uint32_t struct_size;
  uint32_t reserved0;

  /* Wall time, Unix milliseconds; may jump.
     Thread: [call]. Owner: nothing passes. Errors: none. Since 1.0. */
  int64_t (*unix_ms)(const jn_call *call);

  /* Monotonic nanoseconds; deadlines are on this clock.
     Thread: [call]. Owner: nothing passes. Errors: none. Since 1.0. */
  uint64_t (*mono_ns)(const jn_call *call);

  /* An RFC 3339 or ISO 8601 time ("2026-11-21T08:30:00.123Z", offsets, "+0000", a space for the T)
     as Unix milliseconds.
     Thread: [call]. Owner: view only. Errors: JN_E_INVALID = not a time. Since 1.0. */
  jn_status (*parse)(const jn_call *call, const jn_str *text, int64_t *out_unix_ms);
} jn_clock;

#ifdef __cplusplus
}
#endif
#endif
