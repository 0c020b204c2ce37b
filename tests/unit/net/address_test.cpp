#include "net/address.h"

#include <catch2/catch.hpp>

namespace junctor::net {

TEST_CASE("global unicast addresses may be dialed") {
  for (const char* address : {"1.1.1.1",
                              "8.8.8.8",
                              "9.255.255.255",
                              "11.0.0.0",
                              "100.63.255.255",
                              "100.128.0.0",
                              "126.255.255.255",
                              "128.0.0.0",
                              "169.253.255.255",
                              "169.255.0.0",
                              "172.15.255.255",
                              "172.32.0.0",
                              "191.255.255.255",
                              "192.0.1.0",
                              "192.0.3.0",
                              "192.167.255.255",
                              "192.169.0.0",
                              "198.17.255.255",
                              "198.20.0.0",
                              "203.0.112.255",
                              "203.0.114.0",
                              "223.255.255.255",
                              "2606:4700:4700::1111",
                              "2a00:1450:4001::1",
                              "2001:4860:4860::8888",
                              "2001:200::1",
                              "2003::1",
                              "2400::1"}) {
    INFO(address);
    CHECK(classifyAddress(address, false).allowed);
    CHECK(classifyAddress(address, true).allowed);
  }
}

TEST_CASE("private networks may be dialed only under a grant") {
  const std::pair<const char*, const char*> cases[] = {
      {"10.0.0.0", "private"},     {"10.255.255.255", "private"},
      {"172.16.0.1", "private"},   {"172.31.255.255", "private"},
      {"192.168.0.1", "private"},  {"192.168.255.255", "private"},
      {"100.64.0.0", "private"},   {"100.127.255.255", "private"},
      {"127.0.0.1", "loopback"},   {"127.255.255.254", "loopback"},
      {"::1", "loopback"},         {"fc00::1", "private"},
      {"fd12:3456::1", "private"},
  };
  for (const auto& [address, reason] : cases) {
    INFO(address);
    CHECK_FALSE(classifyAddress(address, false).allowed);
    CHECK(classifyAddress(address, false).reason == reason);
    CHECK(classifyAddress(address, true).allowed);
  }
}

TEST_CASE("no grant opens metadata, multicast, transition and reserved addresses") {
  const std::pair<const char*, const char*> cases[] = {
      {"0.0.0.0", "unspecified"},
      {"0.1.2.3", "unspecified"},
      {"169.254.0.1", "link-local"},
      {"169.254.169.254", "link-local"},
      {"100.100.100.200", "metadata"},
      {"168.63.129.16", "metadata"},
      {"192.0.0.1", "reserved"},
      {"192.0.0.192", "reserved"},
      {"192.0.2.1", "documentation"},
      {"198.51.100.7", "documentation"},
      {"203.0.113.9", "documentation"},
      {"192.88.99.1", "transition"},
      {"198.18.0.1", "benchmark"},
      {"198.19.255.255", "benchmark"},
      {"224.0.0.1", "multicast"},
      {"239.255.255.255", "multicast"},
      {"240.0.0.1", "reserved"},
      {"255.255.255.254", "reserved"},
      {"255.255.255.255", "broadcast"},
      {"::", "unspecified"},
      {"::2", "transition"},
      {"::127.0.0.1", "transition"},
      {"::ffff:127.0.0.1", "transition"},
      {"::ffff:8.8.8.8", "transition"},
      {"64:ff9b::7f00:1", "transition"},
      {"64:ff9b::8.8.8.8", "transition"},
      {"64:ff9b:1::1", "transition"},
      {"2001::1", "transition"},
      {"2001:0:4136:e378::1", "transition"},
      {"2002:7f00:1::", "transition"},
      {"2002:a00:1::1", "transition"},
      {"2001:db8::1", "documentation"},
      {"3fff::1", "documentation"},
      {"2001:2::1", "benchmark"},
      {"2001:10::1", "reserved"},
      {"2001:1ff::1", "reserved"},
      {"fd00:ec2::254", "metadata"},
      {"fd20:ce::254", "metadata"},
      {"fe80::1", "link-local"},
      {"febf::1", "link-local"},
      {"fec0::1", "site-local"},
      {"ff02::1", "multicast"},
      {"ff0e::1", "multicast"},
      {"100::1", "reserved"},
      {"4000::1", "reserved"},
      {"5f00::1", "reserved"},
      {"e000::1", "reserved"},
  };
  for (const auto& [address, reason] : cases) {
    INFO(address);
    CHECK_FALSE(classifyAddress(address, false).allowed);
    CHECK_FALSE(classifyAddress(address, true).allowed);
    CHECK(classifyAddress(address, true).reason == reason);
  }
}

TEST_CASE("what is no address is refused") {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, "localhost"sv, "1.2.3"sv, "1.2.3.4.5"sv, "256.1.1.1"sv, "0x7f.0.0.1"sv, "01.2.3.4"sv,
        " 8.8.8.8"sv, "8.8.8.8 "sv, "[::1]"sv, "fe80::1%eth0"sv, "8.8.8.8\0"sv, "::g"sv,
        "2130706433"sv, "8.8.8.8/32"sv}) {
    INFO(text);
    CHECK_FALSE(classifyAddress(text, true).allowed);
  }
}

TEST_CASE("an address of another family is refused") {
  sockaddr address{};
  address.sa_family = AF_UNIX;
  CHECK_FALSE(classifySocketAddress(address, true).allowed);
}

}  // namespace junctor::net
