#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <string>

namespace junctor::net {
namespace {

using Bytes = std::array<unsigned char, 16>;

// One row: the network, why it is refused, and whether a grant of private networks opens it.
struct Network {
  const char* prefix;
  int bits;
  const char* reason;
  bool grantable;
};

// First match decides, so the narrower rows stand first.
constexpr Network kNetworks4[] = {
    {"100.100.100.200", 32, "metadata", false},  // Alibaba; inside CGNAT
    {"168.63.129.16", 32, "metadata", false},    // Azure; looks like any public address
    {"0.0.0.0", 8, "unspecified", false},
    {"10.0.0.0", 8, "private", true},
    {"100.64.0.0", 10, "private", true},  // CGNAT
    {"127.0.0.0", 8, "loopback", true},
    {"169.254.0.0", 16, "link-local", false},  // the metadata services
    {"172.16.0.0", 12, "private", true},
    {"192.0.0.0", 24, "reserved", false},
    {"192.0.2.0", 24, "documentation", false},
    {"192.88.99.0", 24, "transition", false},  // 6to4 relays
    {"192.168.0.0", 16, "private", true},
    {"198.18.0.0", 15, "benchmark", false},
    {"198.51.100.0", 24, "documentation", false},
    {"203.0.113.0", 24, "documentation", false},
    {"224.0.0.0", 4, "multicast", false},
    {"255.255.255.255", 32, "broadcast", false},
    {"240.0.0.0", 4, "reserved", false},
};

// Forms that carry an IPv4 address are refused whole: who means that address can write it.
constexpr Network kNetworks6[] = {
    {"fd00:ec2::254", 128, "metadata", false},  // AWS
    {"fd20:ce::254", 128, "metadata", false},   // Google
    {"::", 128, "unspecified", false},
    {"::1", 128, "loopback", true},
    {"::ffff:0:0", 96, "transition", false},   // IPv4-mapped
    {"::", 96, "transition", false},           // IPv4-compatible
    {"64:ff9b::", 96, "transition", false},    // NAT64
    {"64:ff9b:1::", 48, "transition", false},  // NAT64, local use
    {"2001:db8::", 32, "documentation", false},
    {"2001::", 32, "transition", false},  // Teredo
    {"2001:2::", 48, "benchmark", false},
    {"2001::", 23, "reserved", false},    // protocol assignments, ORCHID
    {"2002::", 16, "transition", false},  // 6to4
    {"3fff::", 20, "documentation", false},
    {"2000::", 3, nullptr, false},   // global unicast: the only row that is allowed
    {"fc00::", 7, "private", true},  // ULA
    {"fe80::", 10, "link-local", false},
    {"fec0::", 10, "site-local", false},
    {"ff00::", 8, "multicast", false},
    {"::", 0, "reserved", false},
};

struct ParsedNetwork {
  Bytes prefix{};
  const Network* row = nullptr;
};

bool contains(const ParsedNetwork& network, const Bytes& address) {
  const int whole = network.row->bits / 8;
  const int rest = network.row->bits % 8;
  if (std::memcmp(network.prefix.data(), address.data(), static_cast<size_t>(whole)) != 0) {
    return false;
  }
  if (rest == 0) return true;
  const auto at = static_cast<size_t>(whole);
  return ((network.prefix[at] ^ address[at]) >> (8 - rest)) == 0;
}

template <size_t N>
std::array<ParsedNetwork, N> parseNetworks(int family, const Network (&rows)[N]) {
  std::array<ParsedNetwork, N> out;
  for (size_t i = 0; i < N; ++i) {
    out[i].row = &rows[i];
    ::inet_pton(family, rows[i].prefix, out[i].prefix.data());
  }
  return out;
}

template <size_t N>
AddressVerdict judge(const std::array<ParsedNetwork, N>& networks, const Bytes& address,
                     bool allow_private) {
  for (const ParsedNetwork& network : networks) {
    if (!contains(network, address)) continue;
    if (network.row->reason == nullptr) return {true, "global"};
    return {network.row->grantable && allow_private, network.row->reason};
  }
  return {true, "global"};
}

AddressVerdict judge4(const Bytes& address, bool allow_private) {
  static const auto networks = parseNetworks(AF_INET, kNetworks4);
  return judge(networks, address, allow_private);
}

AddressVerdict judge6(const Bytes& address, bool allow_private) {
  static const auto networks = parseNetworks(AF_INET6, kNetworks6);
  return judge(networks, address, allow_private);
}

}  // namespace

AddressVerdict classifySocketAddress(const sockaddr& address, bool allow_private) {
  Bytes bytes{};
  if (address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    std::memcpy(bytes.data(), &v4.sin_addr, 4);
    return judge4(bytes, allow_private);
  }
  if (address.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    std::memcpy(bytes.data(), &v6.sin6_addr, 16);
    return judge6(bytes, allow_private);
  }
  return {false, "no internet address"};
}

AddressVerdict classifyAddress(std::string_view ip_literal, bool allow_private) {
  Bytes bytes{};
  const std::string text(ip_literal.substr(0, ip_literal.find('\0')));
  if (text.size() != ip_literal.size()) return {false, "no internet address"};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    return judge4(bytes, allow_private);
  }
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return judge6(bytes, allow_private);
  return {false, "no internet address"};
}

}  // namespace junctor::net
