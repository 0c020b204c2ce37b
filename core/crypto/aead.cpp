#include "crypto/aead.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <memory>

#include "crypto/hash.h"
#include "crypto/require.h"

namespace junctor::crypto {
namespace {

struct CipherContextDeleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherContextDeleter>;
struct KdfContextDeleter {
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

constexpr size_t kHkdfBytesMax = 255 * 32;

const unsigned char* in(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* out(char* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}

// Keyed, and the associated bytes taken in. The context is new each time: it holds the key.
CipherContext begin(bool sealing, std::string_view key, std::string_view nonce,
                    std::string_view associated) {
  static EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  require(cipher != nullptr && key.size() == kAeadKeyBytes && nonce.size() == kAeadNonceBytes,
          "AES-256-GCM");
  CipherContext context(EVP_CIPHER_CTX_new());
  int taken = 0;
  const bool ok =
      context != nullptr &&
      EVP_CipherInit_ex2(context.get(), cipher, in(key), in(nonce), sealing ? 1 : 0, nullptr) ==
          1 &&
      (associated.empty() || EVP_CipherUpdate(context.get(), nullptr, &taken, in(associated),
                                              static_cast<int>(associated.size())) == 1);
  require(ok, "EVP_CipherInit");
  return context;
}

void update(EVP_CIPHER_CTX* context, char* to, std::string_view from) {
  int written = 0;
  if (from.empty()) return;
  const int ok =
      EVP_CipherUpdate(context, out(to), &written, in(from), static_cast<int>(from.size()));
  require(ok == 1 && static_cast<size_t>(written) == from.size(), "EVP_CipherUpdate");
}

Error damaged() {
  return makeError(ErrorCode::DataLoss, "sealed bytes do not open: wrong key, place or bytes");
}

OSSL_PARAM octets(const char* name, std::string_view bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}

}  // namespace

std::string seal(std::string_view key, std::string_view associated, std::string_view plain) {
  return sealWithNonce(key, randomBytes(kAeadNonceBytes), associated, plain);
}

std::string sealWithNonce(std::string_view key, std::string_view nonce, std::string_view associated,
                          std::string_view plain) {
  const CipherContext context = begin(true, key, nonce, associated);
  std::string sealed(nonce);
  sealed.resize(kAeadNonceBytes + plain.size() + kAeadTagBytes);
  char* const text = sealed.data() + kAeadNonceBytes;
  char* const tag = text + plain.size();
  update(context.get(), text, plain);
  int written = 0;
  const bool ok =
      EVP_CipherFinal_ex(context.get(), out(tag), &written) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes, tag) == 1;
  require(ok, "EVP_CipherFinal");
  return sealed;
}

Result<SecretBytes> unseal(std::string_view key, std::string_view associated,
                           std::string_view sealed) {
  if (sealed.size() < kAeadNonceBytes + kAeadTagBytes) return damaged();
  const std::string_view nonce = sealed.substr(0, kAeadNonceBytes);
  const std::string_view text =
      sealed.substr(kAeadNonceBytes, sealed.size() - kAeadNonceBytes - kAeadTagBytes);
  std::string tag(sealed.substr(sealed.size() - kAeadTagBytes));
  const CipherContext context = begin(false, key, nonce, associated);
  SecretBytes plain(text.size());
  update(context.get(), plain.data(), text);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, tag.data()) == 1,
          "EVP_CTRL_AEAD_SET_TAG");
  unsigned char none[kAeadTagBytes];
  int written = 0;
  if (EVP_CipherFinal_ex(context.get(), none, &written) != 1) return damaged();
  return plain;
}

Result<SecretBytes> hkdfSha256(std::string_view key, std::string_view salt, std::string_view info,
                               size_t size) {
  if (size == 0 || size > kHkdfBytesMax) return invalidArgument("HKDF makes 1 to 8160 bytes");
  static EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  const std::unique_ptr<EVP_KDF_CTX, KdfContextDeleter> context(EVP_KDF_CTX_new(kdf));
  require(context != nullptr, "HKDF");
  char hash[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
                                   octets(OSSL_KDF_PARAM_KEY, key),
                                   octets(OSSL_KDF_PARAM_SALT, salt),
                                   octets(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
  SecretBytes made(size);
  require(EVP_KDF_derive(context.get(), out(made.data()), size, parameters) == 1, "EVP_KDF_derive");
  return made;
}

}  // namespace junctor::crypto
