#include "base/ids.h"

#include "base/clock.h"
#include "base/random.h"

namespace junctor {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// Lower case alone: an id has one text.
int lowerHexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool isDash(size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

uint64_t randomTail() {
  thread_local SeededRandom random(entropy());
  return (random.next() >> 2) | (1ULL << 63);  // variant bits 10
}

}  // namespace

std::string formatUuid(Uuid id) {
  std::string text(36, '-');
  size_t digit = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (isDash(i)) continue;
    const uint64_t word = digit < 16 ? id.hi : id.lo;
    text[i] = kHex[(word >> (60 - 4 * (digit % 16))) & 0xf];
    ++digit;
  }
  return text;
}

std::optional<Uuid> parseUuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  size_t digit = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (isDash(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = lowerHexValue(text[i]);
    if (value < 0) return std::nullopt;
    uint64_t& word = digit < 16 ? id.hi : id.lo;
    word = word << 4 | static_cast<uint64_t>(value);
    ++digit;
  }
  return id;
}

void IdSource::raiseFloor(int64_t order_key) {
  int64_t seen = last_.load(std::memory_order_relaxed);
  while (seen < order_key && !last_.compare_exchange_weak(seen, order_key)) {
  }
}

Uuid IdSource::next() {
  const int64_t now = clock_.unixMs() << 12;
  int64_t seen = last_.load(std::memory_order_relaxed);
  const int lane = lane_.load(std::memory_order_relaxed);
  int64_t key = 0;
  do {
    key = now > seen ? now : seen + 1;
    if (lane >= 0) key += (lane - key % kLanes + kLanes) % kLanes;
  } while (!last_.compare_exchange_weak(seen, key));
  const uint64_t bits = static_cast<uint64_t>(key);
  return Uuid{(bits >> 12) << 16 | 0x7000 | (bits & 0xfff), randomTail()};
}

}  // namespace junctor
