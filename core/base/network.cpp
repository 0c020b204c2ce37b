#include "base/network.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <string>

namespace junctor {
namespace {

using Bytes = std::array<unsigned char, 16>;
constexpr int kV4Bits = 96;  // before the IPv4 address in a mapped one

struct Address {
  Bytes bytes{};
  bool v4 = false;
};

std::optional<Address> parseAddress(std::string_view text) {
  const std::string copy(text);
  Address out;
  if (inet_pton(AF_INET6, copy.c_str(), out.bytes.data()) == 1) return out;
  out.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  out.v4 = true;
  if (inet_pton(AF_INET, copy.c_str(), out.bytes.data() + 12) == 1) return out;
  return std::nullopt;
}

bool samePrefix(const Bytes& a, const Bytes& b, int bits) {
  const auto whole = static_cast<size_t>(bits / 8);
  if (std::memcmp(a.data(), b.data(), whole) != 0) return false;
  if (bits % 8 == 0) return true;
  const int mask = 0xff << (8 - bits % 8);
  return ((a[whole] ^ b[whole]) & mask) == 0;
}

Bytes cut(const Bytes& bytes, int bits) {
  Bytes out{};
  for (int i = 0; i < bits; ++i) {
    const auto at = static_cast<size_t>(i / 8);
    out[at] = static_cast<unsigned char>(out[at] | (bytes[at] & (0x80 >> (i % 8))));
  }
  return out;
}

}  // namespace

Result<Network> Network::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = parseAddress(text.substr(0, slash));
  if (!address) return invalidArgument("must be a network such as 203.0.113.0/24");
  const int most = address->v4 ? 32 : 128;
  int prefix = most;
  if (slash != text.npos) {
    const std::string_view digits = text.substr(slash + 1);
    const char* end = digits.data() + digits.size();
    const bool number = !digits.empty() && digits.size() <= 3 &&
                        std::from_chars(digits.data(), end, prefix).ptr == end;
    if (!number || prefix < 0 || prefix > most) {
      return invalidArgument("the part after / must be 0 to " + std::to_string(most));
    }
  }
  Network out;
  out.prefix_ = prefix + (address->v4 ? kV4Bits : 0);
  out.bytes_ = cut(address->bytes, out.prefix_);
  if (out.bytes_ != address->bytes) {
    return invalidArgument("bits beyond /" + std::to_string(prefix) + " are set");
  }
  return out;
}

bool Network::contains(std::string_view address) const {
  const auto parsed = parseAddress(address);
  return parsed && samePrefix(parsed->bytes, bytes_, prefix_);
}

}  // namespace junctor
