#include "crypto/ed25519.h"

#include <openssl/err.h>

#include "crypto/openssl.h"
#include "crypto/require.h"

namespace junctor::crypto {
namespace {

constexpr size_t kPublicKeyBytes = 32;
constexpr size_t kSignatureBytes = 64;

}  // namespace

Result<Ed25519Key> Ed25519Key::open(std::string_view raw) {
  if (raw.size() != kPublicKeyBytes) return invalidArgument("an Ed25519 public key has 32 bytes");
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, data(raw), raw.size());
  if (key == nullptr) {
    ERR_clear_error();
    return invalidArgument("not an Ed25519 public key");
  }
  return Ed25519Key(key);
}

bool Ed25519Key::verify(std::string_view message, std::string_view signature) const {
  if (signature.size() != kSignatureBytes) return false;
  const DigestContext context(EVP_MD_CTX_new());
  require(context != nullptr &&
              EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1,
          "EVP_DigestVerifyInit");
  const bool ok = EVP_DigestVerify(context.get(), data(signature), signature.size(), data(message),
                                   message.size()) == 1;
  if (!ok) ERR_clear_error();
  return ok;
}

}  // namespace junctor::crypto
