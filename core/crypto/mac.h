#pragma once
// Mac: HMAC with one key, set up once. Private to the room.
// Keying and fetching cost as much as the MAC of 2 KB itself, so each thread keeps a keyed context
// per Mac (a small direct-mapped cache) and re-initialises it.
#include <openssl/evp.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace junctor::crypto {

enum class MacHash { Sha1, Sha256, Sha512 };

// The bytes of a MAC, without an allocation.
struct Digest {
  unsigned char bytes[64];
  size_t size = 0;

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes), size}; }
};

struct MacContextDeleter {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, MacContextDeleter>;

class Mac {
 public:
  Mac(MacHash hash, std::string_view key);

  // The MAC of the parts joined. Thread-safe.
  Digest compute(std::span<const std::string_view> parts) const;
  size_t size() const { return size_; }

 private:
  MacContext keyed_;  // only ever duplicated
  uint64_t id_;       // never reused, so a cached context cannot belong to another key
  size_t size_;
};

// One MAC with a key that will not come again.
Digest macOnce(MacHash hash, std::string_view key, std::string_view bytes);

}  // namespace junctor::crypto
