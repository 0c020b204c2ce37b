#include "crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/bytes.h"
#include "crypto/mac.h"
#include "crypto/openssl.h"
#include "crypto/require.h"

namespace junctor::crypto {
namespace {

std::string digest(const EVP_MD* hash, std::string_view bytes) {
  require(hash != nullptr, "EVP_MD_fetch");
  thread_local const DigestContext context(EVP_MD_CTX_new());
  std::string out(static_cast<size_t>(EVP_MD_get_size(hash)), '\0');
  const bool ok =
      EVP_DigestInit_ex2(context.get(), hash, nullptr) == 1 &&
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
      EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(out.data()), nullptr) == 1;
  require(ok, "EVP_Digest");
  return out;
}

}  // namespace

std::string sha256(std::string_view bytes) {
  static const EVP_MD* const hash = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return digest(hash, bytes);
}

std::string sha256Hex(std::string_view bytes) {
  return toHex(sha256(bytes));
}

std::string hmacSha256(std::string_view key, std::string_view bytes) {
  return std::string(macOnce(MacHash::Sha256, key, bytes).view());
}

std::string hmacSha1(std::string_view key, std::string_view bytes) {
  return std::string(macOnce(MacHash::Sha1, key, bytes).view());
}

std::string randomBytes(size_t count) {
  std::string out(count, '\0');
  require(RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) == 1,
          "RAND_bytes");
  return out;
}

bool equalConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string md5Hex(std::string_view bytes) {
  static const EVP_MD* const hash = EVP_MD_fetch(nullptr, "MD5", nullptr);
  return toHex(digest(hash, bytes));
}

}  // namespace junctor::crypto
