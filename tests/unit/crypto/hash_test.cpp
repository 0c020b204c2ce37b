#include "crypto/hash.h"

#include <catch2/catch.hpp>

#include <set>

#include "base/bytes.h"

namespace junctor::crypto {

TEST_CASE("SHA-256 gives the digests of FIPS 180-4") {
  CHECK(sha256Hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256Hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256Hex(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(sha256("abc").size() == 32);
}

TEST_CASE("HMAC gives the digests of RFC 4231 and RFC 2202") {
  CHECK(toHex(hmacSha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(toHex(hmacSha1("Jefe", "what do ya want for nothing?")) ==
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

TEST_CASE("HMAC takes an empty key as a key, not as the key before") {
  CHECK(toHex(hmacSha256("other", "x")) != toHex(hmacSha256("", "x")));
  CHECK(toHex(hmacSha256("", "")) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("MD5 gives the digest of RFC 1321") {
  CHECK(md5Hex("abc") == "900150983cd24fb0d6963f7d28e17f72");
}

TEST_CASE("random bytes have the asked length and do not repeat") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(randomBytes(16));
  CHECK(seen.size() == 1000);
  CHECK(randomBytes(0).empty());
  CHECK(randomBytes(33).size() == 33);
}

TEST_CASE("equality looks at every byte and at the length") {
  CHECK(equalConstantTime("", ""));
  CHECK(equalConstantTime("same", "same"));
  CHECK_FALSE(equalConstantTime("same", "samE"));
  CHECK_FALSE(equalConstantTime("Same", "same"));
  CHECK_FALSE(equalConstantTime("same", "same "));
  CHECK_FALSE(equalConstantTime("", "x"));
}

}  // namespace junctor::crypto
