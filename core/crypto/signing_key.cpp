#include "crypto/signing_key.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>

#include "crypto/ed25519.h"
#include "crypto/hash.h"
#include "crypto/openssl.h"
#include "crypto/require.h"

namespace junctor::crypto {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kSignatureBytes = 64;

struct KeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using PrivateKey = std::unique_ptr<EVP_PKEY, KeyDeleter>;

// Any 32 bytes are a private key.
PrivateKey open(std::string_view seed) {
  PrivateKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, data(seed), seed.size()));
  require(key != nullptr, "EVP_PKEY_new_raw_private_key");
  return key;
}

}  // namespace

SigningKey SigningKey::generate() {
  auto made = fromSeed(randomBytes(kKeyBytes));
  require(made.has_value(), "SigningKey::generate");
  return std::move(*made);
}

Result<SigningKey> SigningKey::fromSeed(std::string_view seed) {
  if (seed.size() != kKeyBytes) return invalidArgument("an Ed25519 private key has 32 bytes");
  const PrivateKey key = open(seed);
  std::string public_key(kKeyBytes, '\0');
  size_t size = public_key.size();
  require(EVP_PKEY_get_raw_public_key(key.get(), data(public_key), &size) == 1 && size == kKeyBytes,
          "EVP_PKEY_get_raw_public_key");
  return SigningKey(std::string(seed), std::move(public_key));
}

SigningKey::~SigningKey() {
  if (!seed_.empty()) OPENSSL_cleanse(seed_.data(), seed_.size());
}

std::string SigningKey::sign(std::string_view message) const {
  const PrivateKey key = open(seed_);
  const DigestContext context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  size_t size = signature.size();
  const bool ok =
      context != nullptr &&
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestSign(context.get(), data(signature), &size, data(message), message.size()) == 1;
  require(ok && size == kSignatureBytes, "EVP_DigestSign");
  return signature;
}

bool verifyEd25519(std::string_view public_key, std::string_view message,
                   std::string_view signature) {
  const auto key = Ed25519Key::open(public_key);
  return key && key->verify(message, signature);
}

}  // namespace junctor::crypto
