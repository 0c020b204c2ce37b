/* Junctor connector ABI v1: junctor.log/1, structured log lines. */
#ifndef JUNCTOR_LOG_H
#define JUNCTOR_LOG_H

#include "call.h"
#include "host.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_LOG_ID "junctor.log/1"

/* Since 1.0. */
typedef struct jn_log {
  uint32_t struct_size;
  uint32_t reserved0;

  /* Would a line of this level be kept?
     Thread: [any-thread]. Owner: nothing passes. Errors: none; 0 = no. Since 1.0. */
  int32_t (*enabled)(uint32_t level);

  /* Writes one line; connector, tenant and integration are added. `fields` may be NULL.
     Thread: [call]. Owner: host copies before it returns.
     Errors: none; unknown levels count as JN_LOG_ERROR, long lines are cut. Since 1.0. */
  void (*write)(const jn_call *call, uint32_t level, const jn_str *msg, const jn_map *fields);
} jn_log;

#ifdef __cplusplus
}
#endif
#endif
