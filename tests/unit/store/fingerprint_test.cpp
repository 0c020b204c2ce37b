#include "store/fingerprint.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "store/sqlite/rows.h"

namespace junctor::store {
namespace {

TEST_CASE("the checksum is CRC-32C") {
  CHECK(crc32c("123456789") == 0xe3069283U);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aaU);  // RFC 3720 B.4
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43U);
  CHECK(crc32c("") == 0);
}

TEST_CASE("a checksum may be computed in pieces of any length") {
  const std::string text = "The quick brown fox jumps over the lazy dog";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    CHECK(crc32c(text.substr(cut), crc32c(text.substr(0, cut))) == crc32c(text));
  }
}

TEST_CASE("fingerprints differ by store, space, integration and key") {
  const FingerprintKey one{1, 2}, two{1, 3};
  std::set<uint64_t> prints;
  for (const FingerprintKey& key : {one, two}) {
    for (const DedupeSpace space : {DedupeSpace::Request, DedupeSpace::Event}) {
      for (const char* integration : {"", "a", "ab"}) {
        for (const char* text : {"a", "b", "bc", "0123456789abcdef"}) {
          prints.insert(fingerprint(key, space, integration, text));
        }
      }
    }
  }
  CHECK(prints.size() == 2 * 2 * 3 * 4);
  CHECK_FALSE(prints.contains(0));
}

// Stored windows depend on it: a change of the function needs a migration. The value comes from
// another implementation of SipHash-1-3.
TEST_CASE("fingerprints are stable") {
  CHECK(fingerprint({0x0706050403020100, 0x0f0e0d0c0b0a0908}, DedupeSpace::Request, "hub",
                    "72d3162e-cc78-11e3-81ab-4c9367dc0958") == 0x4f2b772ef4c1805eULL);
}

TEST_CASE("headers of any bytes survive encoding, broken encodings do not decode") {
  const Headers headers = {
      {"A", ""}, {"", std::string(200, 'x')}, {std::string("\0\n", 2), "\xff"}};
  const std::string bytes = encodeHeaders(headers);
  CHECK(decodeHeaders(bytes) == headers);
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    const auto decoded = decodeHeaders(std::string_view(bytes).substr(0, cut));
    CHECK((!decoded || decoded->size() < headers.size()));
  }
  CHECK_FALSE(decodeHeaders("\xff\xff\xff\xff\xff\xff"));
}

}  // namespace
}  // namespace junctor::store
