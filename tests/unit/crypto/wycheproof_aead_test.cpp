// Every vector of the Wycheproof suites for sealing and key derivation (tests/data/wycheproof).
#include <catch2/catch.hpp>

#include <iostream>

#include "base/bytes.h"
#include "base/files.h"
#include "base/json_value.h"
#include "crypto/aead.h"

namespace junctor::crypto {
namespace {

Json suite(const std::string& name) {
  const auto text = readFile(JUNCTOR_TEST_DATA "/wycheproof/" + name);
  return parseJson(text.value()).value();
}

std::string bytes(const Json& test, const char* field) {
  return fromHex(test[field].get<std::string>()).value();
}

bool inUse(const Json& group) {
  return group["keySize"] == 256 && group["ivSize"] == 96 && group["tagSize"] == 128;
}

void checkGcm(const Json& test) {
  INFO("tcId " << test["tcId"].get<int>() << ": " << test["comment"].get<std::string>());
  const bool valid = test["result"] == "valid";
  const std::string key = bytes(test, "key"), iv = bytes(test, "iv"), aad = bytes(test, "aad");
  const std::string expected = iv + bytes(test, "ct") + bytes(test, "tag");
  const auto opened = unseal(key, aad, expected);
  REQUIRE(opened.has_value() == valid);
  if (valid) CHECK(opened->view() == bytes(test, "msg"));
  CHECK((sealWithNonce(key, iv, aad, bytes(test, "msg")) == expected) == valid);
}

}  // namespace

TEST_CASE("AES-256-GCM passes Wycheproof, both ways; other parameter sets are counted") {
  int checked = 0, other = 0;
  const Json json = suite("aes_gcm_test.json");
  for (const Json& group : json["testGroups"]) {
    for (const Json& test : group["tests"]) {
      if (inUse(group)) checkGcm(test);
      ++(inUse(group) ? checked : other);
    }
  }
  std::cout << "Wycheproof AES-GCM: " << checked << " run, " << other
            << " of parameter sets that are not in use\n";
  CHECK(checked == 66);
  CHECK(other == 250);  // 128- and 192-bit keys, nonces of other sizes
  CHECK(checked + other == json["numberOfTests"].get<int>());
}

TEST_CASE("HKDF-SHA-256 passes Wycheproof") {
  int checked = 0;
  const Json json = suite("hkdf_sha256_test.json");
  for (const Json& group : json["testGroups"]) {
    for (const Json& test : group["tests"]) {
      INFO("tcId " << test["tcId"].get<int>() << ": " << test["comment"].get<std::string>());
      const auto made = hkdfSha256(bytes(test, "ikm"), bytes(test, "salt"), bytes(test, "info"),
                                   test["size"].get<size_t>());
      REQUIRE(made.has_value() == (test["result"] == "valid"));
      if (made) CHECK(made->view() == bytes(test, "okm"));
      ++checked;
    }
  }
  CHECK(checked == 86);
}

}  // namespace junctor::crypto
