#include "trust/sealed.h"

#include <fmt/core.h>

#include "base/bytes.h"
#include "base/json_value.h"
#include "base/strict_object.h"

namespace junctor::trust {

std::string signFor(std::string_view domain, std::string_view text, const crypto::SigningKey& key) {
  return key.sign(std::string(domain).append(text));
}

bool verifyFor(std::string_view domain, std::string_view text, std::string_view signature,
               std::string_view public_key) {
  return crypto::verifyEd25519(public_key, std::string(domain).append(text), signature);
}

Json seal(std::string_view domain, const std::string& text, const crypto::SigningKey& key) {
  return {{"text", toBase64(text)}, {"signature", toBase64(signFor(domain, text, key))}};
}

Result<Sealed> readSealed(const Json& json) {
  JUNCTOR_TRY(const auto in, StrictObject::open(json, "", {"text", "signature"}));
  JUNCTOR_TRY(const std::string text, in.requiredText("text"));
  JUNCTOR_TRY(const std::string signature, in.requiredText("signature"));
  auto bytes = fromBase64(text);
  if (!bytes) return in.error("text", "is not base64");
  JUNCTOR_TRY(std::string raw, base64Bytes(signature, 64, "signature"));
  return Sealed{std::move(*bytes), std::move(raw)};
}

Result<std::string> base64Bytes(const std::string& text, size_t size, std::string_view what) {
  auto bytes = fromBase64(text);
  if (!bytes || bytes->size() != size) {
    return invalidArgument(fmt::format("{}: must be {} bytes in base64", what, size));
  }
  return std::move(*bytes);
}

}  // namespace junctor::trust
