#pragma once
// The signature header taken apart: which signatures it offers, and the time if it carries one.
// Private to the room.
#include <array>
#include <span>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "crypto/signature.h"

namespace junctor::crypto {

struct OfferedSignatures {
  std::array<std::string_view, limits::kSignaturesPerHeaderMax> items;  // still encoded
  size_t count = 0;
  std::string_view time;  // from a pair list; "" if it has none

  std::span<const std::string_view> span() const { return {items.data(), count}; }
};

// Parts of another version are skipped, as vendors add versions; no part left is Unauthenticated.
Result<OfferedSignatures> readSignatureHeader(const SignatureScheme& scheme,
                                              std::string_view value);

}  // namespace junctor::crypto
