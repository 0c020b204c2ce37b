/* Junctor connector ABI v1: value types, status codes, versions.
 *
 * Rules that hold in every header here:
 * - Released declarations never change; tables grow at the end and begin with `struct_size`, which
 *   the side that filled the table sets. Read a later member only after JN_HAS says it is there.
 * - Text is (pointer, length), UTF-8, not NUL-terminated; `ptr` may be NULL only when `len` is 0.
 *   Bodies and header values are bytes.
 * - No ownership crosses. What the host passes is valid until the function returns; what a
 *   connector hands to a host function is copied before that function returns; what the host
 *   puts into the arena of a call lives until the call ends.
 * - Structs travel by pointer. Nothing is thrown across the boundary.
 * - Thread tags: [setup] one thread, nothing else of this connector runs; [any-thread]; [call] only
 *   on the thread of the given call (or instance call) and only before it returns. */
#ifndef JUNCTOR_TYPES_H
#define JUNCTOR_TYPES_H

#include <stddef.h>
#include <stdint.h>

#define JN_ABI_MAJOR 1u /* also in the name of the exported function and in the ELF note */
#define JN_ABI_MINOR 0u

/* Does table `p` reach to member `m`, and is the member set? */
#define JN_HAS(type, p, m) \
  ((p)->struct_size >= offsetof(type, m) + sizeof((p)->m) && (p)->m)

#if defined(__GNUC__)
#define JN_EXPORT __attribute__((visibility("default")))
#else
#define JN_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* 0 = done; below 0 = the class of the failure. Unknown negative values mean JN_E_INTERNAL. */
typedef int32_t jn_status;
#define JN_OK 0
#define JN_E_INTERNAL (-1)     /* a fault of the side that returns it */
#define JN_E_INVALID (-2)      /* the input is wrong and stays wrong */
#define JN_E_UNSUPPORTED (-3)  /* known, but not offered here */
#define JN_E_SIGNATURE (-4)    /* the signature is wrong; answered 401, never retried */
#define JN_E_AUTH (-5)         /* the credential is missing or was refused */
#define JN_E_FORBIDDEN (-6)    /* the credential is good, the act is not allowed */
#define JN_E_NOT_FOUND (-7)    /* what was named does not exist */
#define JN_E_CONFLICT (-8)     /* it exists already, or changed meanwhile */
#define JN_E_RATE_LIMITED (-9) /* too many requests, for now; retry_after_ms says how long */
#define JN_E_UNAVAILABLE (-10) /* not now; the same may succeed later */
#define JN_E_DEADLINE (-11)    /* the call's time is over */
#define JN_E_CANCELLED (-12)   /* the host gave up on the call */
#define JN_E_TOO_LARGE (-13)   /* a limit of the host was reached */
#define JN_E_DENIED (-14)      /* not permitted in this kind of call, or by the manifest */

/* Frozen: embedded by value. */
typedef struct jn_str {
  const char *ptr;
  size_t len;
} jn_str;

/* Frozen: embedded by value. */
typedef struct jn_kv {
  jn_str key;
  jn_str val;
} jn_kv;

/* Ordered, keys may repeat. Frozen: embedded by value. */
typedef struct jn_map {
  const jn_kv *items;
  size_t len;
} jn_map;

/* flags of jn_error */
#define JN_ERROR_RETRYABLE 1u

/* Details of a failure, given to jn_call.fail. Views only. Since 1.0. */
typedef struct jn_error {
  uint32_t struct_size;
  jn_status status;        /* below 0 */
  uint32_t http_status;    /* of the provider's answer; 0 = none */
  uint32_t flags;          /* JN_ERROR_* */
  uint64_t retry_after_ms; /* 0 = not named */
  jn_str code;             /* the provider's error code, may be empty */
  jn_str message;          /* one line, no secrets */
  jn_str detail_json;      /* one JSON value, may be empty */
} jn_error;

typedef struct jn_host jn_host;
typedef struct jn_plugin jn_plugin;
typedef struct jn_call jn_call;
typedef struct jn_instance jn_instance; /* the connector's own; opaque to the host */

#ifdef __cplusplus
}
#endif
#endif
