/* Junctor connector ABI v1: junctor.crypto/1. The connector names bytes, never sees a secret. */
#ifndef JUNCTOR_CRYPTO_H
#define JUNCTOR_CRYPTO_H

#include "call.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_CRYPTO_ID "junctor.crypto/1"

/* algorithms */
#define JN_ALG_HMAC_SHA1 1u
#define JN_ALG_HMAC_SHA256 2u
#define JN_ALG_HMAC_SHA512 3u
#define JN_ALG_ED25519 16u

/* Since 1.0. */
typedef struct jn_crypto {
  uint32_t struct_size;
  uint32_t reserved0;

  /* Is `tag` (raw bytes) the MAC of the joined parts under any live secret of the integration?
     Constant time over all of them.
     Thread: [call]. Owner: views only.
     Errors: JN_E_SIGNATURE = under none, JN_E_UNSUPPORTED = unknown algorithm. Since 1.0. */
  jn_status (*verify_mac)(const jn_call *call, uint32_t alg, const jn_str *parts, size_t n,
                          const jn_str *tag);

  /* Is `sig` (raw bytes) the signature of the joined parts under the raw public `key`?
     Thread: [call]. Owner: views only.
     Errors: JN_E_SIGNATURE = no, JN_E_INVALID = no such key, JN_E_UNSUPPORTED = unknown algorithm.
     Since 1.0. */
  jn_status (*verify_sig)(const jn_call *call, uint32_t alg, const jn_str *key, const jn_str *parts,
                          size_t n, const jn_str *sig);
} jn_crypto;

#ifdef __cplusplus
}
#endif
#endif
