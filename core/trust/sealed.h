#pragma once
// A text with a signature beside it, so that the bytes that were signed are the bytes that are
// read:
//   {"text": BASE64, "signature": BASE64}
// The domain is signed with the text and keeps a signature for one purpose from serving another.
// Private to the room.
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "crypto/signing_key.h"

namespace junctor::trust {

inline constexpr std::string_view kBundleDomain = "junctor-bundle-v1\n";
inline constexpr std::string_view kCertificateDomain = "junctor-certificate-v1\n";
inline constexpr std::string_view kRevocationDomain = "junctor-revocations-v1\n";

std::string signFor(std::string_view domain, std::string_view text, const crypto::SigningKey& key);
bool verifyFor(std::string_view domain, std::string_view text, std::string_view signature,
               std::string_view public_key);

struct Sealed {
  std::string text, signature;  // raw
};
Json seal(std::string_view domain, const std::string& text, const crypto::SigningKey& key);
Result<Sealed> readSealed(const Json& json);  // form only
Result<std::string> base64Bytes(const std::string& text, size_t size, std::string_view what);

}  // namespace junctor::trust
