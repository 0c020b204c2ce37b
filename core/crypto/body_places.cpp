#include "crypto/body_places.h"

#include <algorithm>

#include "base/clock.h"
#include "crypto/signature.h"

namespace junctor::crypto {
namespace {

size_t skipSpace(std::string_view text, size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

size_t textEnd(std::string_view text, size_t at) {
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return at;
}

// Past the text or number that begins at `at`; `at` itself if there is neither.
size_t scalarEnd(std::string_view text, size_t at) {
  if (at < text.size() && text[at] == '"') return textEnd(text, at);
  return std::min(text.find_first_not_of("+-.0123456789eE", at), text.size());
}

std::string replaceMember(std::string body, const std::string& name, const std::string& literal) {
  const std::string key = '"' + name + '"';
  for (size_t at = body.find(key); at != body.npos; at = body.find(key, at)) {
    at += key.size();
    const size_t colon = skipSpace(body, at);
    if (colon == body.size() || body[colon] != ':') continue;
    const size_t begin = skipSpace(body, colon + 1);
    const size_t end = scalarEnd(body, begin);
    if (end == begin) continue;
    body.replace(begin, end - begin, literal);
    at = begin + literal.size();
  }
  return body;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::vector<JsonView> valuesAt(JsonView root, std::string_view pointer) {
  constexpr std::string_view kEach = "/*";
  const size_t star = pointer.find(kEach);
  if (star == pointer.npos) return {root.pointer(pointer)};
  const std::string_view rest = pointer.substr(star + kEach.size());
  std::vector<JsonView> out;
  const JsonView list = root.pointer(pointer.substr(0, star));
  for (size_t i = 0; list.isArray() && i < list.size(); ++i) {
    const std::vector<JsonView> inner = valuesAt(list.at(i), rest);
    out.insert(out.end(), inner.begin(), inner.end());
  }
  return out;
}

std::string withoutMember(std::string body, const std::string& name) {
  return name.empty() ? body : replaceMember(std::move(body), name, "\"***\"");
}

std::string bodyToSign(const SignatureScheme& scheme, std::string body, const std::string& secret,
                       int64_t now_unix_ms) {
  if (!scheme.json.empty()) {
    return replaceMember(std::move(body), scheme.secretMember(), quoted(secret));
  }
  if (scheme.timestamp_json.empty()) return body;
  const int64_t unit = scheme.timestamp_unit_ms;
  const std::string time =
      unit == 0 ? quoted(formatRfc3339(now_unix_ms)) : std::to_string(now_unix_ms / unit);
  const std::string& pointer = scheme.timestamp_json;
  return replaceMember(std::move(body), pointer.substr(pointer.rfind('/') + 1), time);
}

}  // namespace junctor::crypto
