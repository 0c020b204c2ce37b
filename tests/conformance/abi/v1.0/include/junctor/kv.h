/* Junctor connector ABI v1: junctor.kv/1, small durable values of one integration of one connector.
 * Not a cache: what was written survives restarts until it expires. */
#ifndef JUNCTOR_KV_H
#define JUNCTOR_KV_H

#include "call.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_KV_ID "junctor.kv/1"

/* A stored value. The caller sets struct_size, the host the rest. Since 1.0. */
typedef struct jn_kv_entry {
  uint32_t struct_size;
  uint32_t flags;     /* none yet */
  jn_str value;       /* bytes, in the arena of the call */
  uint64_t version;   /* changes with every write; never 0 */
  int64_t expires_ms; /* Unix milliseconds; 0 = never */
} jn_kv_entry;

/* flags of jn_kv_write */
#define JN_KV_IF_VERSION 1u /* write only over `version`; 0 = only if there is none */

/* A value to store. Views. Since 1.0. */
typedef struct jn_kv_write {
  uint32_t struct_size;
  uint32_t flags;   /* JN_KV_* */
  jn_str key;       /* clean UTF-8, 1 to 256 bytes */
  jn_str value;     /* bytes; at most 64 KiB */
  uint64_t version; /* with JN_KV_IF_VERSION */
  uint64_t ttl_ms;  /* 0 = for ever */
} jn_kv_write;

/* All functions: JN_E_DENIED where the manifest has no "kv" or the call is JN_CALL_NO_IO;
   JN_E_UNAVAILABLE when the store is; JN_E_UNSUPPORTED where the host has none; JN_E_DEADLINE and
   JN_E_CANCELLED as ever. Since 1.0. */
typedef struct jn_kv_store {
  uint32_t struct_size;
  uint32_t reserved0;

  /* The value of a key.
     Thread: [call]. Owner: host, in the arena of the call.
     Errors: JN_E_NOT_FOUND, JN_E_INVALID (the key), JN_E_DENIED, JN_E_UNAVAILABLE. Since 1.0. */
  jn_status (*get)(const jn_call *call, const jn_str *key, jn_kv_entry *out);

  /* Stores a value, durably before it returns. `out_version` may be NULL.
     Thread: [call]. Owner: host copies.
     Errors: JN_E_CONFLICT (the version is another by now), JN_E_TOO_LARGE (value or quota of the
     manifest), JN_E_INVALID (the key), JN_E_DENIED (also in a JN_CALL_DRY_RUN call),
     JN_E_UNAVAILABLE. Since 1.0. */
  jn_status (*put)(const jn_call *call, const jn_kv_write *write, uint64_t *out_version);

  /* Removes a key; one that is not there is JN_OK.
     Thread: [call]. Owner: view only.
     Errors: JN_E_INVALID (the key), JN_E_DENIED (also in a JN_CALL_DRY_RUN call), JN_E_UNAVAILABLE.
     Since 1.0. */
  jn_status (*del)(const jn_call *call, const jn_str *key);

  /* Keys with a prefix and their values, in byte order, those after `after` (may be empty): at most
     100. The next page starts after the last key; an empty page is the end.
     Thread: [call]. Owner: host, in the arena of the call.
     Errors: JN_E_DENIED, JN_E_TOO_LARGE (the arena is full), JN_E_UNAVAILABLE. Since 1.0. */
  jn_status (*list)(const jn_call *call, const jn_str *prefix, const jn_str *after, jn_map *out);
} jn_kv_store;

#ifdef __cplusplus
}
#endif
#endif
