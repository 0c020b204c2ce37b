/* Junctor connector ABI v1: junctor.metrics/1, counters and durations among the host's own, as
 * junctor_connector_<name>{connector="…"}. */
#ifndef JUNCTOR_METRICS_H
#define JUNCTOR_METRICS_H

#include "call.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_METRICS_ID "junctor.metrics/1"

/* Names: a-z, 0-9 and '_', at most 48 bytes. Labels: at most 4, values at most 64 bytes, from a
   small fixed set: never an id. Since 1.0. */
typedef struct jn_metrics {
  uint32_t struct_size;
  uint32_t reserved0;

  /* Adds to a counter. `labels` may be NULL.
     Thread: [call]. Owner: host copies.
     Errors: JN_E_INVALID (name or label), JN_E_TOO_LARGE (more than 100 names and label sets of
     this connector). Since 1.0. */
  jn_status (*count)(const jn_call *call, const jn_str *name, const jn_map *labels, uint64_t n);

  /* Adds a duration in microseconds to a histogram. `labels` may be NULL.
     Thread: [call]. Owner: host copies.
     Errors: JN_E_INVALID (name or label), JN_E_TOO_LARGE, as for `count`. Since 1.0. */
  jn_status (*observe_us)(const jn_call *call, const jn_str *name, const jn_map *labels,
                          uint64_t us);
} jn_metrics;

#ifdef __cplusplus
}
#endif
#endif
