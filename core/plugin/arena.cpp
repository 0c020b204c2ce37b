#include "plugin/arena.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/limits.h"

namespace junctor::plugin {
namespace {

constexpr size_t kChunkBytes = 32 * 1024;
constexpr size_t kAlignMax = 4096;

}  // namespace

void* Arena::fromChunk(size_t size, size_t align) {
  if (chunks_.empty()) return nullptr;
  Chunk& chunk = chunks_.back();
  const auto base = reinterpret_cast<uintptr_t>(chunk.bytes.get());
  const size_t start = ((base + used_ + align - 1) & ~(align - 1)) - base;
  if (start > chunk.size || size > chunk.size - start) return nullptr;
  used_ = start + size;
  return chunk.bytes.get() + start;
}

void* Arena::allocate(size_t size, size_t align) {
  if (!std::has_single_bit(align) || align > kAlignMax) return nullptr;
  if (size > limits::kConnectorArenaBytesMax) return nullptr;
  size = std::max<size_t>(size, 1);
  if (void* found = fromChunk(size, align)) return found;
  const size_t bytes = std::max(kChunkBytes, size + align);
  if (bytes > limits::kConnectorArenaBytesMax - std::min(total_, limits::kConnectorArenaBytesMax)) {
    return nullptr;
  }
  chunks_.push_back({std::make_unique_for_overwrite<char[]>(bytes), bytes});
  total_ += bytes;
  used_ = 0;
  return fromChunk(size, align);
}

const char* Arena::copy(std::string_view text) {
  auto* bytes = static_cast<char*>(allocate(text.size() + 1, 1));
  if (!bytes) return nullptr;
  if (!text.empty()) std::memcpy(bytes, text.data(), text.size());
  bytes[text.size()] = '\0';
  return bytes;
}

void Arena::clear() {
  used_ = 0;
  if (chunks_.empty()) return;
  if (chunks_[0].size > kChunkBytes) chunks_.clear();
  chunks_.resize(std::min<size_t>(chunks_.size(), 1));
  total_ = chunks_.empty() ? 0 : chunks_[0].size;
}

}  // namespace junctor::plugin
