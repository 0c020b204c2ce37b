#pragma once
// What junctor.crypto/1 does with the live secrets of a call, for whoever holds them.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace junctor::plugin {

// Is `tag` (raw bytes) the MAC of the message under any of the secrets? Constant time over all of
// them. Unimplemented: no such algorithm (JN_ALG_*).
Result<bool> macMatches(uint32_t alg, const std::string& message, std::string_view tag,
                        const std::vector<std::string>& secrets);

}  // namespace junctor::plugin
