#pragma once
// Network: a range of IP addresses, "203.0.113.0/24" or "2001:db8::/32"; an address alone is one of
// its own.
#include <array>
#include <string_view>

#include "base/result.h"

namespace junctor {

class Network {
 public:
  // InvalidArgument: no network, or bits beyond its prefix are set.
  static Result<Network> parse(std::string_view text);
  // `address` as a socket names it. An IPv4 address mapped into IPv6 is that IPv4 address.
  bool contains(std::string_view address) const;

 private:
  std::array<unsigned char, 16> bytes_{};  // IPv4 is mapped
  int prefix_ = 0;                         // of the 128 bits
};

}  // namespace junctor
