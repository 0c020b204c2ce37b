#pragma once
// DedupeWindow: which dedupe keys were seen lately, as fingerprint -> row key, in memory.
// 16 bytes an entry; open addressing in many small shards, so that growing one never stops the
// writer for long. Not thread-safe: it belongs to the writer.
//
// Row keys are order keys (milliseconds << 12 | sequence), so an entry knows its age: entries older
// than the window are not found and go away when their shard grows.
// A fingerprint may collide: the caller confirms each hit against the stored row.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace junctor::store {

struct DedupeEntry {
  uint64_t print = 0;  // 0 = free slot
  int64_t key = 0;
};

class DedupeWindow {
 public:
  explicit DedupeWindow(int64_t window_ms) : window_ms_(window_ms) {}

  // Entries whose key is at or below this are outside the window.
  int64_t oldestKey(int64_t now_ms) const { return (now_ms - window_ms_) << 12; }

  // The first entry with that fingerprint, inside the window, that `confirm(key)` accepts.
  template <class Confirm>
  std::optional<int64_t> find(uint64_t print, int64_t now_ms, Confirm&& confirm) const {
    const Shard& shard = shards_[print >> kShardShift];
    if (shard.slots.empty()) return std::nullopt;
    const int64_t oldest = oldestKey(now_ms);
    for (size_t i = home(shard, print);; i = next(shard, i)) {
      const DedupeEntry& entry = shard.slots[i];
      if (entry.print == 0) return std::nullopt;
      if (entry.print == print && entry.key > oldest && confirm(entry.key)) return entry.key;
    }
  }
  void insert(DedupeEntry entry, int64_t now_ms);
  // Takes back an insert whose transaction failed.
  void erase(DedupeEntry entry);

  size_t size() const { return size_; }
  size_t memoryBytes() const;

 private:
  static constexpr int kShardBits = 8;
  static constexpr int kShardShift = 64 - kShardBits;
  struct Shard {
    std::vector<DedupeEntry> slots;  // a power of two, at most 3/4 used
    size_t used = 0;
  };
  static size_t home(const Shard& shard, uint64_t print) {
    return static_cast<size_t>(print) & (shard.slots.size() - 1);
  }
  static size_t next(const Shard& shard, size_t i) { return (i + 1) & (shard.slots.size() - 1); }
  static void place(Shard& shard, DedupeEntry entry);
  void grow(Shard& shard, int64_t oldest);

  const int64_t window_ms_;
  std::array<Shard, size_t{1} << kShardBits> shards_;
  size_t size_ = 0;
};

}  // namespace junctor::store
