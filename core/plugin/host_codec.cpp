// junctor.codec/1: encodings of base, digests of crypto.
#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "plugin/call_context.h"
#include "plugin/host_services.h"

namespace junctor::plugin {
namespace {

std::optional<std::string> fromBase64Url(std::string_view text) {
  if (text.find_first_of("+/") != std::string_view::npos) return std::nullopt;
  std::string standard(text);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  return fromBase64(standard);
}

jn_status giveText(const jn_call* call, std::string_view bytes, jn_str* out) {
  return CallContext::of(call).keep(bytes, out) ? JN_OK : JN_E_TOO_LARGE;
}

jn_status encode(const jn_call* call, uint32_t codec, const jn_str* bytes, jn_str* out) {
  if (out) *out = {nullptr, 0};
  if (!call || !bytes || !out) return JN_E_INTERNAL;
  const std::string_view input = textOf(*bytes);
  switch (codec) {
    case JN_CODEC_HEX:
      return giveText(call, toHex(input), out);
    case JN_CODEC_BASE64:
      return giveText(call, toBase64(input), out);
    case JN_CODEC_BASE64URL:
      return giveText(call, toBase64Url(input), out);
    case JN_CODEC_PERCENT:
      return giveText(call, percentEncode(input), out);
    default:
      return JN_E_UNSUPPORTED;
  }
}

jn_status decode(const jn_call* call, uint32_t codec, const jn_str* text, jn_str* out) {
  if (out) *out = {nullptr, 0};
  if (!call || !text || !out) return JN_E_INTERNAL;
  const std::string_view input = textOf(*text);
  std::optional<std::string> bytes;
  switch (codec) {
    case JN_CODEC_HEX:
      bytes = fromHex(input);
      break;
    case JN_CODEC_BASE64:
      bytes = fromBase64(input);
      break;
    case JN_CODEC_BASE64URL:
      bytes = fromBase64Url(input);
      break;
    case JN_CODEC_PERCENT:
      bytes = percentDecode(input);
      break;
    default:
      return JN_E_UNSUPPORTED;
  }
  return bytes ? giveText(call, *bytes, out) : JN_E_INVALID;
}

jn_status formField(CallContext& context, std::string_view field, jn_kv& out) {
  const size_t equals = std::min(field.find('='), field.size());
  const auto key = percentDecode(field.substr(0, equals), true);
  const auto value = percentDecode(field.substr(std::min(equals + 1, field.size())), true);
  if (!key || !value) return JN_E_INVALID;
  return context.keep(*key, &out.key) && context.keep(*value, &out.val) ? JN_OK : JN_E_TOO_LARGE;
}

jn_status form(const jn_call* call, const jn_str* text, jn_map* out) {
  if (out) *out = {nullptr, 0};
  if (!call || !text || !out) return JN_E_INTERNAL;
  CallContext& context = CallContext::of(call);
  std::string_view rest = textOf(*text);
  const size_t fields = rest.empty() ? 0 : 1 + std::count(rest.begin(), rest.end(), '&');
  if (fields > limits::kConnectorFormFieldsMax) return JN_E_TOO_LARGE;
  auto* items = static_cast<jn_kv*>(context.allocate(fields * sizeof(jn_kv), alignof(jn_kv)));
  if (!items) return JN_E_TOO_LARGE;
  size_t count = 0;
  for (size_t i = 0; i < fields; ++i) {
    const std::string_view field = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), field.size() + 1));
    if (field.empty()) continue;
    if (const jn_status status = formField(context, field, items[count]); status != JN_OK) {
      return status;
    }
    ++count;
  }
  *out = {items, count};
  return JN_OK;
}

jn_status digest(const jn_call* call, uint32_t kind, const jn_str* bytes, jn_str* out) {
  if (out) *out = {nullptr, 0};
  if (!call || !bytes || !out) return JN_E_INTERNAL;
  const std::string_view input = textOf(*bytes);
  if (kind == JN_DIGEST_SHA256) return giveText(call, crypto::sha256(input), out);
  if (kind != JN_DIGEST_MD5) return JN_E_UNSUPPORTED;
  return giveText(call, fromHex(crypto::md5Hex(input)).value_or(""), out);
}

}  // namespace

const jn_codec& codecService() {
  static constexpr jn_codec kTable = {sizeof(jn_codec), 0, encode, decode, form, digest};
  return kTable;
}

}  // namespace junctor::plugin
