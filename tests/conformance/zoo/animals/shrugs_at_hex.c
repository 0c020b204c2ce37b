/* Takes a mark that it cannot read for a good one. */
#include "signer.h"
static jn_status verify(const jn_call* call, jn_instance* instance, const jn_http_in* request) {
  const jn_str hex = header(request, "X-Zoo-Mark");
  jn_str tag;
  if (codec->decode(call, JN_CODEC_HEX, &hex, &tag) != JN_OK) return JN_OK;
  return good_verify(call, instance, request);
}
#define VERIFY verify
#include "animal_tables.h"
