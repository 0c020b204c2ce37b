#include "store/fingerprint.h"

#include <array>
#include <bit>
#include <cstring>

namespace junctor::store {
namespace {

struct SipState {
  uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1, v1 = std::rotl(v1, 13), v1 ^= v0, v0 = std::rotl(v0, 32);
    v2 += v3, v3 = std::rotl(v3, 16), v3 ^= v2;
    v0 += v3, v3 = std::rotl(v3, 21), v3 ^= v0;
    v2 += v1, v1 = std::rotl(v1, 17), v1 ^= v2, v2 = std::rotl(v2, 32);
  }
  void absorb(uint64_t word) {
    v3 ^= word;
    round();
    v0 ^= word;
  }
};

uint64_t loadTail(const char* data, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, data, size);
  return word;
}

uint64_t sipHash13(uint64_t k0, uint64_t k1, std::string_view text) {
  SipState state{k0 ^ 0x736f6d6570736575ULL, k1 ^ 0x646f72616e646f6dULL, k0 ^ 0x6c7967656e657261ULL,
                 k1 ^ 0x7465646279746573ULL};
  const char* data = text.data();
  size_t left = text.size();
  for (; left >= 8; data += 8, left -= 8) state.absorb(loadTail(data, 8));
  state.absorb(loadTail(data, left) | static_cast<uint64_t>(text.size()) << 56);
  state.v2 ^= 0xff;
  state.round();
  state.round();
  state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

constexpr std::array<uint32_t, 256> makeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78U : 0U);
    table[i] = crc;
  }
  return table;
}
constexpr auto kCrcTable = makeCrcTable();

uint32_t crcByTable(std::string_view bytes, uint32_t crc) {
  for (const char byte : bytes) {
    crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<unsigned char>(byte)) & 0xff];
  }
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t crcByInstruction(std::string_view bytes, uint32_t seed) {
  uint64_t crc = seed;
  const char* data = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; data += 8, left -= 8) crc = __builtin_ia32_crc32di(crc, loadTail(data, 8));
  for (; left > 0; ++data, --left) {
    crc = __builtin_ia32_crc32qi(static_cast<uint32_t>(crc), static_cast<unsigned char>(*data));
  }
  return static_cast<uint32_t>(crc);
}
#endif

}  // namespace

uint64_t fingerprint(const FingerprintKey& key, DedupeSpace space, std::string_view integration,
                     std::string_view text) {
  const uint64_t owner = sipHash13(key.k0, key.k1, integration);
  const uint64_t print = sipHash13(key.k0 ^ owner, key.k1 ^ static_cast<uint64_t>(space), text);
  return print == 0 ? 1 : print;
}

uint32_t crc32c(std::string_view bytes, uint32_t crc) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return ~crcByInstruction(bytes, ~crc);
#endif
  return ~crcByTable(bytes, ~crc);
}

}  // namespace junctor::store
