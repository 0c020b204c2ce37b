/* Junctor connector ABI v1: the host as a connector sees it. */
#ifndef JUNCTOR_HOST_H
#define JUNCTOR_HOST_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* levels of a log line */
#define JN_LOG_DEBUG 0u
#define JN_LOG_INFO 1u
#define JN_LOG_WARN 2u
#define JN_LOG_ERROR 3u

/* The host's, valid from `open` until `close` has returned. Since 1.0. */
struct jn_host {
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor; /* of this host */
  uint32_t flags;     /* none yet; ignore unknown bits of the low 24 */
  void *ctx;          /* the host's */

  /* The table of a host interface, e.g. "junctor.json/1" (JN_JSON_ID). `id` ends with NUL.
     Thread: [any-thread]. Owner: host; the table is valid as long as the host is.
     Errors: NULL when the host does not offer it. Since 1.0. */
  const void *(*get_interface)(const jn_host *host, const char *id);

  /* Writes one log line, for code outside a call (see junctor.log/1 otherwise).
     Thread: [any-thread]. Owner: host copies the text before it returns.
     Errors: none; unknown levels count as JN_LOG_ERROR, long lines are cut. Since 1.0. */
  void (*log)(const jn_host *host, uint32_t level, const char *msg, size_t len);
};

#ifdef __cplusplus
}
#endif
#endif
