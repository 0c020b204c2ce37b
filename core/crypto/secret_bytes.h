#pragma once
// SecretBytes: bytes that must not linger. Held in OpenSSL's secure heap where there is room
// (locked in memory, left out of core dumps, between guard pages), else in ordinary memory; wiped
// either way when they go. Moved, never copied by accident: copy() says so.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace junctor::crypto {

class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(size_t size);  // zeroes, to be filled through data()
  explicit SecretBytes(std::string_view bytes);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  static SecretBytes random(size_t size);
  SecretBytes copy() const { return SecretBytes(view()); }

  // Valid as long as this object stands.
  std::string_view view() const { return {data_, size_}; }
  char* data() { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Whether the bytes are in locked memory.
  bool locked() const;

 private:
  void release();

  char* data_ = nullptr;
  size_t size_ = 0;
};

// Overwrites, in a way no compiler leaves out, and empties.
void wipe(std::string& bytes);

// Wipes a text when the scope ends, whichever way.
class WipeAtEnd {
 public:
  explicit WipeAtEnd(std::string& bytes) : bytes_(bytes) {}
  ~WipeAtEnd() { wipe(bytes_); }
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;

 private:
  std::string& bytes_;
};

// Likewise a list of them.
class WipeAllAtEnd {
 public:
  explicit WipeAllAtEnd(std::vector<std::string>& texts) : texts_(texts) {}
  ~WipeAllAtEnd() {
    for (std::string& text : texts_) wipe(text);
  }
  WipeAllAtEnd(const WipeAllAtEnd&) = delete;
  WipeAllAtEnd& operator=(const WipeAllAtEnd&) = delete;

 private:
  std::vector<std::string>& texts_;
};

}  // namespace junctor::crypto
