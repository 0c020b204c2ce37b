#include "net/url.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "net/http_client.h"

namespace junctor::net {
namespace {

constexpr size_t kNameBytesMax = 253;  // RFC 1035
constexpr size_t kLabelBytesMax = 63;

bool letterOrDigit(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
// Visible ASCII; the backslash is a slash to some parsers and none to others.
bool plain(char c) {
  return c > ' ' && c < 0x7f && c != '\\';
}

bool isAddress(int family, const std::string& host) {
  unsigned char bytes[16];
  return ::inet_pton(family, host.c_str(), bytes) == 1;
}

bool validLabel(std::string_view label) {
  return !label.empty() && label.size() <= kLabelBytesMax && letterOrDigit(label.front()) &&
         letterOrDigit(label.back()) && std::all_of(label.begin(), label.end(), [](char c) {
           return letterOrDigit(c) || c == '-' || c == '_';
         });
}

// A name whose last label is a number (127.1, 0x7f.1, 2130706433) is an address to inet_aton.
bool looksNumeric(std::string_view label) {
  return isDigit(label.front()) && (std::all_of(label.begin(), label.end(), isDigit) ||
                                    label.starts_with("0x") || label.starts_with("0X"));
}

Result<void> checkName(std::string_view name) {
  if (name.size() > kNameBytesMax) return invalidArgument("the host name is too long");
  std::string_view rest = name;
  while (true) {
    const size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    if (!validLabel(label)) return invalidArgument("the host is neither a name nor an address");
    if (dot == std::string_view::npos) {
      if (looksNumeric(label)) return invalidArgument("the host is no dotted-decimal address");
      return {};
    }
    rest.remove_prefix(dot + 1);
  }
}

Result<uint16_t> parsePort(std::string_view text) {
  if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), isDigit) ||
      text.front() == '0') {
    return invalidArgument("the port is no number from 1 to 65535");
  }
  unsigned port = 0;
  for (const char c : text) port = port * 10 + static_cast<unsigned>(c - '0');
  if (port > 65535) return invalidArgument("the port is no number from 1 to 65535");
  return static_cast<uint16_t>(port);
}

Result<void> parseAuthority(std::string_view authority, Url& url) {
  const bool bracketed = authority.starts_with('[');
  const size_t host_end = bracketed ? authority.find(']') : authority.find(':');
  if (bracketed && host_end == std::string_view::npos) {
    return invalidArgument("a bracket of the host is missing");
  }
  url.host = lowerAscii(authority.substr(bracketed, host_end - bracketed));
  std::string_view rest =
      host_end == std::string_view::npos ? "" : authority.substr(host_end + bracketed);
  if (bracketed) {
    url.ip_literal = true;
    if (!isAddress(AF_INET6, url.host)) return invalidArgument("no IPv6 address in brackets");
  } else if (isAddress(AF_INET, url.host)) {
    url.ip_literal = true;
  } else {
    JUNCTOR_CHECK(checkName(url.host));
  }
  if (rest.empty()) return {};
  if (rest.front() != ':') return invalidArgument("the host is followed by something odd");
  JUNCTOR_TRY(url.port, parsePort(rest.substr(1)));
  return {};
}

bool localName(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost");
}

}  // namespace

Result<Url> parseUrl(std::string_view text) {
  if (text.size() > limits::kUriBytesMax) return invalidArgument("the URL is too long");
  if (!std::all_of(text.begin(), text.end(), plain)) {
    return invalidArgument("the URL holds white space, a backslash or a character beyond ASCII");
  }
  if (text.find('#') != std::string_view::npos) return invalidArgument("the URL has a fragment");
  Url url;
  const size_t colon = text.find("://");
  const std::string_view scheme = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  url.tls = equalsIgnoreCase(scheme, "https");
  if (!url.tls && !equalsIgnoreCase(scheme, "http")) {
    return invalidArgument("the URL is neither http:// nor https://");
  }
  url.port = url.tls ? 443 : 80;
  std::string_view rest = text.substr(colon + 3);
  const size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, authority_end);
  url.target = rest.substr(authority_end);
  if (authority.find('@') != std::string_view::npos) {
    return invalidArgument("the URL holds a user name");
  }
  JUNCTOR_CHECK(parseAuthority(authority, url));
  return url;
}

Result<void> checkUrl(const std::string& url, bool allow_private) {
  JUNCTOR_TRY(const Url parsed, parseUrl(url));
  if (localName(parsed.host) && !allow_private) {
    return makeError(ErrorCode::PermissionDenied, "the address is refused: loopback");
  }
  if (!parsed.ip_literal) return {};
  const AddressVerdict verdict = classifyAddress(parsed.host, allow_private);
  if (verdict.allowed) return {};
  return makeError(ErrorCode::PermissionDenied,
                   fmt::format("the address is refused: {}", verdict.reason));
}

}  // namespace junctor::net
