#include "base/network.h"

#include <catch2/catch.hpp>

using junctor::Network;

TEST_CASE("a network holds its addresses, and an address alone itself") {
  const struct {
    const char* network;
    const char* address;
    bool holds;
  } cases[] = {{"203.0.113.0/24", "203.0.113.255", true},
               {"203.0.113.0/24", "203.0.114.0", false},
               {"203.0.113.7", "203.0.113.7", true},
               {"203.0.113.7", "203.0.113.6", false},
               {"203.0.113.0/25", "203.0.113.128", false},
               {"0.0.0.0/0", "8.8.8.8", true},
               {"0.0.0.0/0", "2001:db8::1", false},
               {"2001:db8::/33", "2001:db8:8000::", false},
               {"2001:db8::/32", "2001:db8:ffff::1", true},
               {"::/0", "::1", true},
               {"10.0.0.0/8", "::ffff:10.1.2.3", true},
               {"10.0.0.0/8", "nonsense", false},
               {"10.0.0.0/8", "", false}};
  for (const auto& c : cases) {
    CAPTURE(c.network, c.address);
    CHECK(Network::parse(c.network)->contains(c.address) == c.holds);
  }
}

TEST_CASE("what is no network is refused") {
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
                           "10.0.0.1/8", "10.0.0/8", "2001:db8::/129", "2001:db8::1/32",
                           "localhost", "10.0.0.0/ 8", "10.0.0.0/0008", "010.0.0.1"}) {
    CAPTURE(text);
    CHECK_FALSE(Network::parse(text));
  }
}
