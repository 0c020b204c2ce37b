#pragma once
// Fingerprints of dedupe keys and checksums of stored bytes. Both are stored: they may not change.
#include <cstdint>
#include <string_view>

namespace junctor::store {

// SipHash-1-3 under a key of this store, so that nobody outside can choose colliding keys.
struct FingerprintKey {
  uint64_t k0 = 0;
  uint64_t k1 = 0;
};
enum class DedupeSpace : uint64_t { Request = 1, Event = 2 };
// Never 0: 0 means "no key".
uint64_t fingerprint(const FingerprintKey& key, DedupeSpace space, std::string_view integration,
                     std::string_view text);

// CRC-32C (Castagnoli), continued from `crc`.
uint32_t crc32c(std::string_view bytes, uint32_t crc = 0);

}  // namespace junctor::store
