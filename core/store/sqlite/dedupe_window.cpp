#include "store/sqlite/dedupe_window.h"

#include <utility>

namespace junctor::store {

void DedupeWindow::place(Shard& shard, DedupeEntry entry) {
  size_t i = home(shard, entry.print);
  while (shard.slots[i].print != 0) i = next(shard, i);
  shard.slots[i] = entry;
  ++shard.used;
}

// Drops what left the window first, so a steady rate keeps a steady size.
void DedupeWindow::grow(Shard& shard, int64_t oldest) {
  std::vector<DedupeEntry> live;
  live.reserve(shard.used);
  for (const DedupeEntry& entry : shard.slots) {
    if (entry.print != 0 && entry.key > oldest) live.push_back(entry);
  }
  size_ -= shard.used - live.size();
  size_t capacity = 16;
  while (capacity < live.size() * 2) capacity *= 2;
  shard.slots.assign(capacity, DedupeEntry{});
  shard.used = 0;
  for (const DedupeEntry& entry : live) place(shard, entry);
}

void DedupeWindow::insert(DedupeEntry entry, int64_t now_ms) {
  Shard& shard = shards_[entry.print >> kShardShift];
  if ((shard.used + 1) * 4 > shard.slots.size() * 3) grow(shard, oldestKey(now_ms));
  place(shard, entry);
  ++size_;
}

void DedupeWindow::erase(DedupeEntry entry) {
  Shard& shard = shards_[entry.print >> kShardShift];
  if (shard.slots.empty()) return;
  size_t i = home(shard, entry.print);
  while (shard.slots[i].print != 0 &&
         (shard.slots[i].print != entry.print || shard.slots[i].key != entry.key)) {
    i = next(shard, i);
  }
  if (shard.slots[i].print == 0) return;
  // Those behind it in the same run move up: a hole would hide them from find().
  shard.slots[i] = DedupeEntry{};
  --shard.used;
  --size_;
  for (i = next(shard, i); shard.slots[i].print != 0; i = next(shard, i)) {
    const DedupeEntry moved = std::exchange(shard.slots[i], DedupeEntry{});
    --shard.used;
    place(shard, moved);
  }
}

size_t DedupeWindow::memoryBytes() const {
  size_t bytes = 0;
  for (const Shard& shard : shards_) bytes += shard.slots.capacity() * sizeof(DedupeEntry);
  return bytes;
}

}  // namespace junctor::store
