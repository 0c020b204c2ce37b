#pragma once
// What the files that call OpenSSL share: owners of its objects, and bytes in its terms.
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace junctor::crypto {

struct DigestContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, DigestContextDeleter>;

// Never null: OpenSSL takes a null key for "the same as before".
inline const unsigned char* data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data() != nullptr ? bytes.data() : "");
}
inline unsigned char* data(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace junctor::crypto
