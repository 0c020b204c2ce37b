/* A connector that checks signatures itself: X-Zoo-Mark is the MAC of "time.body" in hex,
 * X-Zoo-Time the time in seconds, good for five minutes. */
#ifndef ZOO_SIGNER_H
#define ZOO_SIGNER_H

#include <strings.h>

#include "animal.h"

PART const jn_crypto* crypto;
PART const jn_codec* codec;
PART const jn_clock* times;

PART jn_status signer_open(const jn_plugin* self, const jn_host* host) {
  crypto = (const jn_crypto*)host->get_interface(host, JN_CRYPTO_ID);
  codec = (const jn_codec*)host->get_interface(host, JN_CODEC_ID);
  times = (const jn_clock*)host->get_interface(host, JN_CLOCK_ID);
  return crypto && codec && times ? good_open(self, host) : JN_E_UNSUPPORTED;
}
#define OPEN signer_open

/* An empty view if it is not there. */
PART jn_str header(const jn_http_in* request, const char* name) {
  const jn_str none = {NULL, 0};
  size_t i;
  for (i = 0; i < request->headers.len; ++i) {
    const jn_kv* item = &request->headers.items[i];
    if (item->key.len == strlen(name) && strncasecmp(item->key.ptr, name, item->key.len) == 0) {
      return item->val;
    }
  }
  return none;
}

PART jn_status check_time(const jn_call* call, const jn_http_in* request) {
  const jn_str text = header(request, "X-Zoo-Time");
  int64_t seconds = 0, now;
  size_t i;
  for (i = 0; i < text.len && i < 12; ++i) {
    if (text.ptr[i] < '0' || text.ptr[i] > '9') break;
    seconds = seconds * 10 + (text.ptr[i] - '0');
  }
  if (text.len == 0 || i != text.len) return refuse(call, JN_E_SIGNATURE, "there is no time");
  now = times->unix_ms(call) / 1000;
  if (now - seconds > 300 || seconds - now > 300) {
    return refuse(call, JN_E_SIGNATURE, "it is too old, or from the future");
  }
  return JN_OK;
}

PART jn_status check_mark(const jn_call* call, const jn_http_in* request, jn_str body) {
  const jn_str hex = header(request, "X-Zoo-Mark");
  jn_str parts[3], tag;
  jn_status status = codec->decode(call, JN_CODEC_HEX, &hex, &tag);
  if (status != JN_OK) return refuse(call, status, "the mark is no hex");
  parts[0] = header(request, "X-Zoo-Time");
  parts[1] = str(".");
  parts[2] = body;
  status = crypto->verify_mac(call, JN_ALG_HMAC_SHA256, parts, 3, &tag);
  return status == JN_OK ? JN_OK : refuse(call, status, "no live secret made this mark");
}

PART jn_status good_verify(const jn_call* call, jn_instance* instance, const jn_http_in* request) {
  const jn_status status = check_time(call, request);
  (void)instance;
  return status == JN_OK ? check_mark(call, request, request->body) : status;
}

#endif
