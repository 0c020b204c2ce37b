#pragma once
// Provider ids as keys: short clean text stays as it is.
#include <string>
#include <string_view>

namespace junctor::plugin {

// `key` if it is UTF-8 without control characters of at most limits::kSourceIdBytesMax bytes, else
// "sha256:" and its hash.
std::string boundedKey(std::string_view key);

}  // namespace junctor::plugin
