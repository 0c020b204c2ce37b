#pragma once
// AES-256-GCM (NIST SP 800-38D) for what rests in the store, and HKDF-SHA-256 (RFC 5869) to make
// keys of one purpose from a key.
//
// Nonces are 96 random bits, new for each seal. With random nonces a key may seal 2^32 times before
// a repeat (which would give the key's authentication away) is as likely as the standard tolerates;
// whoever holds a key changes it well before, at limits::kSealsPerKeyMax.
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/secret_bytes.h"

namespace junctor::crypto {

inline constexpr size_t kAeadKeyBytes = 32;
inline constexpr size_t kAeadNonceBytes = 12;
inline constexpr size_t kAeadTagBytes = 16;

// nonce ‖ ciphertext ‖ tag. `associated` is bound to it, not stored in it. The key has 32 bytes.
std::string seal(std::string_view key, std::string_view associated, std::string_view plain);
// DataLoss for whatever was not sealed with this key and these associated bytes: it says no more,
// and nothing of the plain text leaves.
Result<SecretBytes> unseal(std::string_view key, std::string_view associated,
                           std::string_view sealed);

// With a nonce that the caller chose: for published vectors alone. Using one twice with a key gives
// both plain texts away.
std::string sealWithNonce(std::string_view key, std::string_view nonce, std::string_view associated,
                          std::string_view plain);

// `size` at most 255 * 32, else InvalidArgument.
Result<SecretBytes> hkdfSha256(std::string_view key, std::string_view salt, std::string_view info,
                               size_t size);

}  // namespace junctor::crypto
