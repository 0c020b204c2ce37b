#pragma once
// BlockPool: memory for one Lua state. Small blocks come from free lists by size, which is where
// a rule's life is spent; they return to the system with the pool. Not thread-safe.
#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace junctor::script {

class BlockPool {
 public:
  BlockPool() = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  // As realloc(), with the old size given. Null: out of memory, `block` is unchanged.
  void* resize(void* block, size_t old_bytes, size_t new_bytes);
  void release(void* block, size_t bytes);
  // What small blocks hold of the system's memory, in use or not.
  size_t bytes() const { return chunks_.size() * kChunkBytes; }

 private:
  static constexpr size_t kStep = 16;
  static constexpr size_t kSmallMax = 256;
  static constexpr size_t kChunkBytes = 16 * 1024;
  struct Free {
    Free* next;
  };

  static size_t classOf(size_t bytes) { return (bytes + kStep - 1) / kStep; }
  void* take(size_t bytes);
  bool refill();

  std::array<Free*, kSmallMax / kStep + 1> free_{};
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* rest_ = nullptr;  // of the newest chunk
  size_t rest_bytes_ = 0;
};

}  // namespace junctor::script
