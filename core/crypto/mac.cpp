#include "crypto/mac.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>
#include <atomic>

#include "crypto/openssl.h"
#include "crypto/require.h"

namespace junctor::crypto {
namespace {

const char* nameOf(MacHash hash) {
  switch (hash) {
    case MacHash::Sha1:
      return "SHA1";
    case MacHash::Sha256:
      return "SHA256";
    case MacHash::Sha512:
      return "SHA512";
  }
  return "";
}

size_t sizeOf(MacHash hash) {
  return hash == MacHash::Sha1 ? 20 : hash == MacHash::Sha256 ? 32 : 64;
}

MacContext makeContext(MacHash hash, std::string_view key) {
  static EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  require(hmac != nullptr, "EVP_MAC_fetch");
  MacContext context(EVP_MAC_CTX_new(hmac));
  require(context != nullptr, "EVP_MAC_CTX_new");
  std::string name = nameOf(hash);
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
      OSSL_PARAM_construct_end()};
  require(EVP_MAC_init(context.get(), data(key), key.size(), params) == 1, "EVP_MAC_init");
  return context;
}

Digest finish(EVP_MAC_CTX* context) {
  Digest digest;
  require(EVP_MAC_final(context, digest.bytes, &digest.size, sizeof digest.bytes) == 1,
          "EVP_MAC_final");
  return digest;
}

struct CachedContext {
  uint64_t id = 0;
  MacContext context;
};

// This thread's context of that Mac, ready for bytes.
EVP_MAC_CTX* readyContext(uint64_t id, const EVP_MAC_CTX* keyed) {
  constexpr size_t kSlots = 256;
  thread_local std::array<CachedContext, kSlots> cache;
  CachedContext& slot = cache[id % kSlots];
  if (slot.id == id) {
    require(EVP_MAC_init(slot.context.get(), nullptr, 0, nullptr) == 1, "EVP_MAC_init");
  } else {
    slot.context.reset(EVP_MAC_CTX_dup(keyed));
    require(slot.context != nullptr, "EVP_MAC_CTX_dup");
    slot.id = id;
  }
  return slot.context.get();
}

uint64_t nextId() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

Mac::Mac(MacHash hash, std::string_view key)
    : keyed_(makeContext(hash, key)), id_(nextId()), size_(sizeOf(hash)) {}

Digest Mac::compute(std::span<const std::string_view> parts) const {
  EVP_MAC_CTX* context = readyContext(id_, keyed_.get());
  for (const std::string_view part : parts) {
    require(EVP_MAC_update(context, data(part), part.size()) == 1, "EVP_MAC_update");
  }
  return finish(context);
}

Digest macOnce(MacHash hash, std::string_view key, std::string_view bytes) {
  const MacContext context = makeContext(hash, key);
  require(EVP_MAC_update(context.get(), data(bytes), bytes.size()) == 1, "EVP_MAC_update");
  return finish(context.get());
}

}  // namespace junctor::crypto
