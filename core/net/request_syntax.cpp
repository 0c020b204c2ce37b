#include "net/request_syntax.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/bytes.h"

namespace junctor::net {
namespace {

enum CharClass : uint8_t { kToken = 1, kTarget = 2, kHost = 4, kText = 8 };

constexpr std::array<uint8_t, 256> makeClasses() {
  std::array<uint8_t, 256> classes{};
  const auto mark = [&classes](std::string_view chars, uint8_t bits) {
    for (const char c : chars) classes[static_cast<unsigned char>(c)] |= bits;
  };
  for (int c = 0; c < 256; ++c) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alnum) classes[static_cast<size_t>(c)] |= kToken | kTarget | kHost;
    if ((c >= 0x20 && c != 0x7f) || c == '\t') classes[static_cast<size_t>(c)] |= kText;
  }
  mark("!#$%&'*+-.^_`|~", kToken);
  mark("-._~!$&'()*+,;=:@/?%", kTarget);
  mark("-._", kHost);
  return classes;
}
constexpr std::array<uint8_t, 256> kClasses = makeClasses();

bool allOf(std::string_view text, CharClass wanted) {
  return std::all_of(text.begin(), text.end(), [wanted](char c) {
    return (kClasses[static_cast<unsigned char>(c)] & wanted) != 0;
  });
}

bool isPort(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), isDigit) || text.size() > 5) return false;
  int port = 0;
  for (const char c : text) port = port * 10 + (c - '0');
  return port <= 65535;
}

bool percentsValid(std::string_view text) {
  for (size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 1)) {
    if (at + 2 >= text.size() || hexValue(text[at + 1]) < 0 || hexValue(text[at + 2]) < 0) {
      return false;
    }
  }
  return true;
}

bool isOriginForm(std::string_view text) {
  return !text.empty() && text.front() == '/' && allOf(text, kTarget) && percentsValid(text);
}

void skipBlanks(std::string_view text, size_t& at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
}

bool skipToken(std::string_view text, size_t& at) {
  const size_t start = at;
  while (at < text.size() && (kClasses[static_cast<unsigned char>(text[at])] & kToken)) ++at;
  return at > start;
}

bool skipQuoted(std::string_view text, size_t& at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"') return ++at, true;
    if (text[at] == '\\') ++at;
  }
  return false;
}

// *( BWS ";" BWS name [ BWS "=" BWS value ] ), RFC 9112 §7.1.1.
bool isChunkExtension(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    skipBlanks(text, at);
    if (at >= text.size() || text[at++] != ';') return false;
    skipBlanks(text, at);
    if (!skipToken(text, at)) return false;
    size_t ahead = at;
    skipBlanks(text, ahead);
    if (ahead >= text.size() || text[ahead] != '=') continue;
    at = ahead + 1;
    skipBlanks(text, at);
    if (at >= text.size()) return false;
    if (!(text[at] == '"' ? skipQuoted(text, at) : skipToken(text, at))) return false;
  }
  return true;
}

}  // namespace

bool isToken(std::string_view text) {
  return !text.empty() && allOf(text, kToken);
}

bool isFieldValue(std::string_view text) {
  return allOf(text, kText);
}

bool isAuthority(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    const size_t close = text.find(']');
    if (close == text.npos) return false;
    const std::string literal(text.substr(1, close - 1));
    in6_addr address{};
    if (inet_pton(AF_INET6, literal.c_str(), &address) != 1) return false;
    const std::string_view rest = text.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && isPort(rest.substr(1)));
  }
  const size_t colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  if (host.empty() || host.size() > 255 || !allOf(host, kHost)) return false;
  return colon == text.npos || isPort(text.substr(colon + 1));
}

std::optional<uint64_t> parseContentLength(std::string_view text) {
  if (text.empty() || text.size() > 19) return std::nullopt;  // 19 digits always fit 64 bits
  uint64_t value = 0;
  for (const char c : text) {
    if (!isDigit(c)) return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return value;
}

std::optional<TargetParts> parseTarget(std::string_view text) {
  if (text == "*") return TargetParts{text, {}};
  if (isOriginForm(text)) return TargetParts{text, {}};
  const size_t scheme_end = text.find("://");
  if (scheme_end == text.npos) return std::nullopt;
  const std::string_view scheme = text.substr(0, scheme_end);
  if (!equalsIgnoreCase(scheme, "http") && !equalsIgnoreCase(scheme, "https")) return std::nullopt;
  const std::string_view rest = text.substr(scheme_end + 3);
  const size_t path = rest.find('/');
  const std::string_view authority = rest.substr(0, path);
  if (!isAuthority(authority)) return std::nullopt;
  if (path == rest.npos) return TargetParts{"/", authority};
  if (!isOriginForm(rest.substr(path))) return std::nullopt;
  return TargetParts{rest.substr(path), authority};
}

std::optional<uint64_t> parseChunkLine(std::string_view line) {
  size_t digits = 0;
  uint64_t size = 0;
  for (; digits < line.size() && hexValue(line[digits]) >= 0; ++digits) {
    if (digits == 15) return std::nullopt;  // 60 bits are enough and cannot overflow
    size = size * 16 + static_cast<uint64_t>(hexValue(line[digits]));
  }
  if (digits == 0 || !isChunkExtension(line.substr(digits))) return std::nullopt;
  return size;
}

}  // namespace junctor::net
