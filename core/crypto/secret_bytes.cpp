#include "crypto/secret_bytes.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <cstring>
#include <utility>

#include "base/limits.h"
#include "crypto/require.h"

namespace junctor::crypto {
namespace {

// Without the right to lock that much, all secrets are in ordinary memory: still wiped.
void openSecureHeap() {
  static const int opened = CRYPTO_secure_malloc_init(limits::kSecureHeapBytes, 32);
  static_cast<void>(opened);
}

char* allocate(size_t size) {
  openSecureHeap();
  void* memory = OPENSSL_secure_zalloc(size);
  if (!memory) memory = OPENSSL_zalloc(size);  // the heap is full
  require(memory != nullptr, "memory for a secret");
  return static_cast<char*>(memory);
}

}  // namespace

SecretBytes::SecretBytes(size_t size) : size_(size) {
  if (size > 0) data_ = allocate(size);
}

SecretBytes::SecretBytes(std::string_view bytes) : SecretBytes(bytes.size()) {
  if (!bytes.empty()) std::memcpy(data_, bytes.data(), bytes.size());
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this == &other) return *this;
  release();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

SecretBytes::~SecretBytes() {
  release();
}

SecretBytes SecretBytes::random(size_t size) {
  SecretBytes bytes(size);
  const int got =
      RAND_priv_bytes(reinterpret_cast<unsigned char*>(bytes.data_), static_cast<int>(size));
  require(got == 1, "RAND_priv_bytes");
  return bytes;
}

bool SecretBytes::locked() const {
  return data_ && CRYPTO_secure_allocated(data_) == 1;
}

void SecretBytes::release() {
  // Frees memory of either kind; what was not allocated in the heap is wiped all the same.
  if (data_) OPENSSL_secure_clear_free(data_, size_);
  data_ = nullptr;
  size_ = 0;
}

void wipe(std::string& bytes) {
  // Up to the capacity: a text that shrank left its tail behind.
  bytes.resize(bytes.capacity());
  if (!bytes.empty()) OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

}  // namespace junctor::crypto
