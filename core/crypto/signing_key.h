#pragma once
// Ed25519 (RFC 8032) for what Junctor signs itself: bundles, certificates, revocation lists.
// Keys and signatures are raw bytes: 32 of a key, 64 of a signature.
#include <string>
#include <string_view>

#include "base/result.h"

namespace junctor::crypto {

// A private key. Its bytes are wiped when it goes.
class SigningKey {
 public:
  static SigningKey generate();
  static Result<SigningKey> fromSeed(std::string_view seed);  // InvalidArgument: not 32 bytes
  SigningKey(SigningKey&&) noexcept = default;
  SigningKey& operator=(SigningKey&&) = delete;
  ~SigningKey();

  const std::string& seed() const { return seed_; }  // the secret itself
  const std::string& publicKey() const { return public_key_; }
  std::string sign(std::string_view message) const;

 private:
  SigningKey(std::string seed, std::string public_key)
      : seed_(std::move(seed)), public_key_(std::move(public_key)) {}
  std::string seed_, public_key_;
};

// False for anything but a valid signature by a valid key.
bool verifyEd25519(std::string_view public_key, std::string_view message,
                   std::string_view signature);

}  // namespace junctor::crypto
