// Signatures over forms and URLs, times as ISO 8601, tokens in the URL.
#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/hash.h"
#include "schemes.h"

namespace junctor::crypto::testing {
namespace {

constexpr const char* kTwilio =
    R"({"algorithm":"hmac-sha1","header":"X-Twilio-Signature","encoding":"base64",
        "signed":"{url}{form_sorted}"})";
constexpr const char* kZendesk =
    R"({"algorithm":"hmac-sha256","header":"X-Zendesk-Webhook-Signature","encoding":"base64",
        "signed":"{timestamp}{body}","timestamp":{"header":"X-Time","unit":"iso8601",
        "tolerance_s":300}})";
constexpr const char* kQueryToken = R"({"algorithm":"plain-token","query":"token"})";
constexpr const char* kUrl = "https://mycompany.com/myapp.php?foo=1&bar=2";
const Header kForm = {"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"};

bool accepts(const std::string& scheme, const std::string& secret, const SignatureInput& input,
             int64_t now_ms = 0) {
  return verifierOf(scheme, {secret})->verify(input, now_ms).has_value();
}

}  // namespace

TEST_CASE("Twilio's published example verifies, in whatever order its fields come") {
  const Headers headers = {kForm, {"X-Twilio-Signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8="}};
  for (const std::string body :
       {"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&"
        "To=%2B18005551212",
        "To=%2B18005551212&From=%2B14158675309&Digits=1234&Digits=1234&Caller=%2B14158675309&"
        "CallSid=CA1234567890ABCDE"}) {
    CHECK(accepts(kTwilio, "12345", {"POST", kUrl, "", "", body, headers}));
  }
  CHECK_FALSE(accepts(kTwilio, "12345", {"POST", kUrl, "", "", "Digits=1235", headers}));
  CHECK_FALSE(accepts(kTwilio, "12345", {"POST", kUrl, "", "", "%zz=1", headers}));
}

TEST_CASE("a body that is no form must be named in the signed URL by its hash") {
  const std::string body = R"({"a":1})";
  const std::string query = "bodySHA256=" + sha256Hex(body), url = "https://x.example/in?" + query;
  const Headers headers = {{"Content-Type", "application/json"},
                           {"X-Twilio-Signature", toBase64(hmacSha1("key", url))}};
  CHECK(accepts(kTwilio, "key", {"POST", url, "/in", query, body, headers}));
  CHECK_FALSE(accepts(kTwilio, "key", {"POST", url, "/in", query, R"({"a":2})", headers}));
  const Headers bare = {{"X-Twilio-Signature", toBase64(hmacSha1("key", "https://x.example/in"))}};
  CHECK_FALSE(accepts(kTwilio, "key", {"POST", "https://x.example/in", "/in", "", body, bare}));
}

TEST_CASE("a time in ISO 8601 is signed as it is written and kept to its window") {
  const std::string time = "2026-11-21T08:30:00Z", body = "{}";
  const int64_t at_ms = 1'795'249'800'000;
  REQUIRE(formatRfc3339(at_ms).starts_with("2026-11-21T08:30:00"));
  const Headers headers = {
      {"X-Time", time}, {"X-Zendesk-Webhook-Signature", toBase64(hmacSha256("key", time + body))}};
  const SignatureInput input{"POST", "", "", "", body, headers};
  CHECK(accepts(kZendesk, "key", input, at_ms));
  CHECK(accepts(kZendesk, "key", input, at_ms + 299'000));
  CHECK_FALSE(accepts(kZendesk, "key", input, at_ms + 301'000));
  CHECK_FALSE(accepts(kZendesk, "key", input, at_ms - 301'000));
  const Headers bad = {{"X-Time", "yesterday"},
                       {"X-Zendesk-Webhook-Signature", toBase64(hmacSha256("key", "yesterday{}"))}};
  CHECK_FALSE(accepts(kZendesk, "key", {"POST", "", "", "", body, bad}, at_ms));
}

TEST_CASE("what a verifier of ISO 8601 times signs, it accepts") {
  const auto verifier = verifierOf(kZendesk, {"key"});
  const Headers none;
  const auto made = verifier->sign({"POST", "", "", "", "{}", none}, 1'795'249'800'123);
  REQUIRE(made);
  CHECK(verifier->verify({"POST", "", "", "", "{}", *made}, 1'795'249'800'123));
}

TEST_CASE("a token in the URL is compared whole, and may stand there once") {
  const Headers none;
  const auto with = [&](const std::string& query) {
    return accepts(kQueryToken, "s3cret/+", {"POST", "", "", query, "x", none});
  };
  CHECK(with("token=s3cret%2F%2B"));
  CHECK(with("a=b&token=s3cret%2F%2B&c"));
  for (const char* query : {"", "token", "token=", "token=s3cret", "xtoken=s3cret%2F%2B",
                            "token=s3cret%2F%2B&token=s3cret%2F%2B", "token=s3cret%2F%2B%00",
                            "token=wrong&token=s3cret%2F%2B", "TOKEN=s3cret%2F%2B"}) {
    CAPTURE(query);
    CHECK_FALSE(with(query));
  }
  CHECK_FALSE(schemeOf(R"({"algorithm":"hmac-sha256","query":"token"})"));
  CHECK_FALSE(schemeOf(R"({"algorithm":"plain-token","query":"token","header":"X-T"})"));
}

}  // namespace junctor::crypto::testing
