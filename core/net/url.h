#pragma once
// Destination URLs, read strictly: one spelling per meaning, so that what was checked is what is
// dialed. Pure.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace junctor::net {

struct Url {
  bool tls = false;
  std::string host;         // lower case; an IPv6 address without its brackets
  bool ip_literal = false;  // host is an address, not a name
  uint16_t port = 0;
  std::string_view target;  // path and query in the parsed text; may be empty
};

// http:// or https://, a name of letters, digits, hyphens and dots (IDN in its xn-- form), a
// dotted-decimal IPv4 or a bracketed IPv6 address, an optional port. InvalidArgument for anything
// else: user names, white space, control or non-ASCII characters, backslashes, fragments, zone
// ids, a trailing dot, numbers in place of an address.
Result<Url> parseUrl(std::string_view text);

}  // namespace junctor::net
