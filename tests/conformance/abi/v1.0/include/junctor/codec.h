/* Junctor connector ABI v1: junctor.codec/1, encodings and digests. Decoders are strict. */
#ifndef JUNCTOR_CODEC_H
#define JUNCTOR_CODEC_H

#include "call.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JN_CODEC_ID "junctor.codec/1"

/* encodings */
#define JN_CODEC_HEX 1u       /* encodes in lower case, decodes either */
#define JN_CODEC_BASE64 2u    /* RFC 4648 §4, padded; padding optional when decoding */
#define JN_CODEC_BASE64URL 3u /* RFC 4648 §5, no padding; padding optional when decoding */
#define JN_CODEC_PERCENT 4u   /* all but unreserved characters */

/* digests */
#define JN_DIGEST_SHA256 1u
#define JN_DIGEST_MD5 2u /* for old providers only */

/* Since 1.0. */
typedef struct jn_codec {
  uint32_t struct_size;
  uint32_t reserved0;

  /* Bytes to text.
     Thread: [call]. Owner: host, in the arena of the call.
     Errors: JN_E_UNSUPPORTED = unknown encoding, JN_E_TOO_LARGE = the arena is full. Since 1.0. */
  jn_status (*encode)(const jn_call *call, uint32_t codec, const jn_str *bytes, jn_str *out);

  /* Text to bytes.
     Thread: [call]. Owner: host, in the arena of the call.
     Errors: JN_E_INVALID = not that encoding, JN_E_UNSUPPORTED, JN_E_TOO_LARGE. Since 1.0. */
  jn_status (*decode)(const jn_call *call, uint32_t codec, const jn_str *text, jn_str *out);

  /* The fields of application/x-www-form-urlencoded text, decoded, in order.
     Thread: [call]. Owner: host, in the arena of the call.
     Errors: JN_E_INVALID = a bad % sequence, JN_E_TOO_LARGE = too many fields. Since 1.0. */
  jn_status (*form)(const jn_call *call, const jn_str *text, jn_map *out);

  /* The digest of the bytes, raw.
     Thread: [call]. Owner: host, in the arena of the call.
     Errors: JN_E_UNSUPPORTED = unknown digest, JN_E_TOO_LARGE = the arena is full. Since 1.0. */
  jn_status (*digest)(const jn_call *call, uint32_t digest, const jn_str *bytes, jn_str *out);
} jn_codec;

#ifdef __cplusplus
}
#endif
#endif
