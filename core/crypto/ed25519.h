#pragma once
// Ed25519 public keys (RFC 8032). Private to the room.
#include <openssl/evp.h>

#include <memory>
#include <string_view>

#include "base/result.h"

namespace junctor::crypto {

class Ed25519Key {
 public:
  // `raw` is the 32-byte public key.
  static Result<Ed25519Key> open(std::string_view raw);
  // Thread-safe. False for anything but a valid signature of 64 bytes.
  bool verify(std::string_view message, std::string_view signature) const;

 private:
  struct Deleter {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  explicit Ed25519Key(EVP_PKEY* key) : key_(key) {}
  std::unique_ptr<EVP_PKEY, Deleter> key_;
};

}  // namespace junctor::crypto
