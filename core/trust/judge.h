#pragma once
// Who vouches for a bundle, and is that enough here? Pure: the same question gives the same answer.
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "trust/bundle.h"
#include "trust/keys.h"
#include "trust/revocations.h"

namespace junctor::trust {

// What this installation believes.
struct TrustPolicy {
  std::vector<std::string> roots;       // raw public keys
  std::vector<Certificate> publishers;  // added by the operator; level private, whatever they say
  Revocations revoked;
  bool allow_unsigned = false;  // the server was started with --dev
};

struct Verdict {
  Level level = Level::Unsigned;
  std::string publisher, key_id;  // "" = unsigned
  std::string expires;            // of the key
};

// PermissionDenied with that message.
Error denied(std::string message);

enum class Occasion { Install, Load };

// PermissionDenied, each with its own message: unsigned, unknown publisher, wrong signature, id
// outside the key's prefix, expired key (at Install only: what came in while the key was good stays
// good until it is revoked), revoked bundle or key.
Result<Verdict> judge(const Bundle& bundle, const TrustPolicy& policy, Occasion occasion,
                      int64_t now_unix_ms);

// The id of the key that signed it, "" = nobody did. Whether to believe that key is judge()'s
// question. PermissionDenied: the signature does not fit the content.
Result<std::string> signerOf(const Bundle& bundle);

// Signs: BUNDLE.sig is replaced. InvalidArgument: the certificate is not of that key, or it does
// not cover the bundle's id.
Result<void> signBundle(Bundle& bundle, const crypto::SigningKey& key, const Json& certificate);

}  // namespace junctor::trust
