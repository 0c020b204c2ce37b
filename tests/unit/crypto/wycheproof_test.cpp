// Every vector of the Wycheproof suites for the primitives in use (tests/data/wycheproof).
#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "base/files.h"
#include "crypto/hash.h"
#include "unit/crypto/schemes.h"

namespace junctor::crypto {
namespace {

using testing::verifierOf;

Json suite(const std::string& name) {
  const auto text = readFile(JUNCTOR_TEST_DATA "/wycheproof/" + name);
  return parseJson(text.value()).value();
}

std::string bytes(const Json& test, const char* field) {
  return fromHex(test[field].get<std::string>()).value();
}

template <class Check>
int forEachTest(const Json& json, Check check) {
  int count = 0;
  for (const Json& group : json["testGroups"]) {
    for (const Json& test : group["tests"]) {
      INFO("tcId " << test["tcId"].get<int>() << ": " << test["comment"].get<std::string>());
      check(group, test, test["result"] == "valid");
      ++count;
    }
  }
  return count;
}

// Truncated tags are the suite's, not ours: they are compared with the head of our MAC.
template <class Hmac>
int checkHmac(const std::string& name, Hmac hmac) {
  return forEachTest(suite(name), [&](const Json& group, const Json& test, bool valid) {
    const size_t size = group["tagSize"].get<size_t>() / 8;
    const std::string mac = hmac(bytes(test, "key"), bytes(test, "msg")).substr(0, size);
    CHECK(equalConstantTime(mac, bytes(test, "tag")) == valid);
  });
}

bool verifies(const std::string& algorithm, const std::string& secret, const std::string& message,
              const std::string& signature_hex) {
  const auto verifier = verifierOf(R"({"header":"S","algorithm":")" + algorithm + "\"}", {secret});
  const Headers headers = {{"S", signature_hex}};
  return verifier->verify({"POST", "/", "/", "", message, headers}, 0).has_value();
}

}  // namespace

TEST_CASE("HMAC-SHA-1 passes Wycheproof") {
  CHECK(checkHmac("hmac_sha1_test.json", hmacSha1) == 170);
}
TEST_CASE("HMAC-SHA-256 passes Wycheproof") {
  CHECK(checkHmac("hmac_sha256_test.json", hmacSha256) == 174);
}

TEST_CASE("HMAC verifiers pass Wycheproof's full-length tags") {
  const auto check = [](const std::string& file, const std::string& algorithm, size_t tag_bits) {
    int checked = 0;
    forEachTest(suite(file), [&](const Json& group, const Json& test, bool valid) {
      if (group["tagSize"].get<size_t>() != tag_bits) return;
      ++checked;
      CHECK(verifies(algorithm, bytes(test, "key"), bytes(test, "msg"),
                     test["tag"].get<std::string>()) == valid);
    });
    return checked;
  };
  CHECK(check("hmac_sha1_test.json", "hmac-sha1", 160) > 80);
  CHECK(check("hmac_sha256_test.json", "hmac-sha256", 256) > 80);
  CHECK(check("hmac_sha512_test.json", "hmac-sha512", 512) > 80);
}

TEST_CASE("a truncated MAC is refused, although its bytes are right") {
  forEachTest(suite("hmac_sha256_test.json"), [&](const Json& group, const Json& test, bool) {
    if (group["tagSize"].get<size_t>() == 256) return;
    CHECK_FALSE(verifies("hmac-sha256", bytes(test, "key"), bytes(test, "msg"),
                         test["tag"].get<std::string>()));
  });
}

TEST_CASE("Ed25519 passes Wycheproof") {
  const int count =
      forEachTest(suite("ed25519_test.json"), [&](const Json& group, const Json& test, bool valid) {
        CHECK(verifies("ed25519", group["publicKey"]["pk"].get<std::string>(), bytes(test, "msg"),
                       test["sig"].get<std::string>()) == valid);
      });
  CHECK(count == 151);
}

}  // namespace junctor::crypto
