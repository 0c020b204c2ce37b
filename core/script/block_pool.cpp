#include "script/block_pool.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace junctor::script {
namespace {

// Under a sanitizer every block is its own, so that it sees what happens inside the VM.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif

}  // namespace

bool BlockPool::refill() {
  auto* chunk = new (std::nothrow) char[kChunkBytes];
  if (chunk == nullptr) return false;
  chunks_.emplace_back(chunk);
  rest_ = chunk;
  rest_bytes_ = kChunkBytes;
  return true;
}

void* BlockPool::take(size_t bytes) {
  if (!kPooled || bytes > kSmallMax) return std::malloc(bytes);
  const size_t index = classOf(bytes);
  if (Free* block = free_[index]) {
    free_[index] = block->next;
    return block;
  }
  const size_t size = index * kStep;
  if (rest_bytes_ < size && !refill()) return nullptr;
  void* block = rest_;
  rest_ += size;
  rest_bytes_ -= size;
  return block;
}

void BlockPool::release(void* block, size_t bytes) {
  if (block == nullptr) return;
  if (!kPooled || bytes > kSmallMax) return std::free(block);
  auto* free = static_cast<Free*>(block);
  free->next = free_[classOf(bytes)];
  free_[classOf(bytes)] = free;
}

void* BlockPool::resize(void* block, size_t old_bytes, size_t new_bytes) {
  if (block == nullptr) return take(new_bytes);
  const bool both_large = old_bytes > kSmallMax && new_bytes > kSmallMax;
  if (!kPooled || both_large) return std::realloc(block, new_bytes);
  const bool both_small = old_bytes <= kSmallMax && new_bytes <= kSmallMax;
  if (both_small && classOf(old_bytes) == classOf(new_bytes)) return block;
  void* moved = take(new_bytes);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, block, std::min(old_bytes, new_bytes));
  release(block, old_bytes);
  return moved;
}

}  // namespace junctor::script
