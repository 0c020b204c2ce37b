#include "crypto/signature_key.h"

#include "base/bytes.h"

namespace junctor::crypto {
namespace {

constexpr std::string_view kStandardPrefix = "whsec_";

Result<std::string> decoded(std::optional<std::string> bytes, std::string_view form) {
  if (!bytes || bytes->empty()) {
    return invalidArgument("the secret is not " + std::string(form));
  }
  return *std::move(bytes);
}

}  // namespace

Result<std::string> decodeSecret(KeyForm form, std::string_view secret) {
  if (secret.empty()) return invalidArgument("the secret is empty");
  switch (form) {
    case KeyForm::Utf8:
      return std::string(secret);
    case KeyForm::Base64:
      return decoded(fromBase64(secret), "base64");
    case KeyForm::HexPublicKey:
      return decoded(fromHex(secret), "a key in hex");
    case KeyForm::Base64AfterPrefix:
      break;
  }
  // The reference libraries take the secret with or without its prefix.
  if (secret.starts_with(kStandardPrefix)) secret.remove_prefix(kStandardPrefix.size());
  return decoded(fromBase64(secret), "base64 after whsec_");
}

}  // namespace junctor::crypto
