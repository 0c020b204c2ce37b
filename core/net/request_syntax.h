#pragma once
// Grammar of the small parts of a request (RFC 9110 §5, RFC 9112 §3, RFC 3986), as pure predicates.
#include <cstdint>
#include <optional>
#include <string_view>

namespace junctor::net {

bool isToken(std::string_view text);  // 1*tchar
// No control byte but tab: what may stand in a field value, in either direction.
bool isFieldValue(std::string_view text);
// host [":" port]. Names are letters, digits, '-', '.', '_': the grammar allows more, no sender
// needs it, and every further character is a way for two parsers to disagree.
bool isAuthority(std::string_view text);
// 1*DIGIT that fits 64 bits: no sign, no list, no blank.
std::optional<uint64_t> parseContentLength(std::string_view text);

struct TargetParts {
  std::string_view target;     // origin-form, or "*"
  std::string_view authority;  // of an absolute-form, else ""
};
// origin-form, absolute-form (http, https) or "*". Strict RFC 3986 characters.
std::optional<TargetParts> parseTarget(std::string_view text);

// "1a" or "1a;name=value": the line before a chunk. The extension is checked and dropped.
std::optional<uint64_t> parseChunkLine(std::string_view line);

}  // namespace junctor::net
