// Signatures over forms and URLs, times as ISO 8601, tokens in the URL.
#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json_value.h"
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

constexpr const char* kBodyToken =
    R"J({"algorithm":"plain-token","json":"/value/*/clientState"})J";
constexpr const char* kBodyTime =
    R"({"algorithm":"hmac-sha256","header":"Linear-Signature",
        "timestamp":{"json":"/webhookTimestamp","unit":"ms","tolerance_s":60}})";

TEST_CASE("a token in the body stands in every element, or none is believed") {
  const Headers none;
  const auto with = [&](const std::string& body) {
    return accepts(kBodyToken, "s3cret", {"POST", "", "", "", body, none});
  };
  CHECK(with(R"({"value":[{"clientState":"s3cret"}]})"));
  CHECK(with(R"({"value":[{"clientState":"s3cret"},{"a":1,"clientState":"s3cret"}]})"));
  CHECK(with(R"({"value":[{"clientState":"s3\u0063ret"}]})"));
  for (const char* body :
       {"", "{", "[]", "{}", R"({"value":[]})", R"({"value":{"clientState":"s3cret"}})",
        R"({"clientState":"s3cret"})", R"({"value":[{"clientState":"s3cret"},{}]})",
        R"({"value":[{"clientState":"s3cret"},{"clientState":null}]})",
        R"({"value":[{"clientState":"wrong"},{"clientState":"s3cret"}]})",
        R"({"value":[{"clientState":["s3cret"]}]})", R"({"value":[{"clientState":"s3cre"}]})"}) {
    CAPTURE(body);
    CHECK_FALSE(with(body));
  }
}

TEST_CASE("the body's token is found by each of two secrets, and can be taken out byte by byte") {
  const Headers none;
  const auto verifier = verifierOf(kBodyToken, {"new", "old"});
  const std::string body = R"({ "value":[ {"clientState" : "old", "n":1.50 }]})";
  CHECK(verifier->verify({"POST", "", "", "", body, none}, 0).value() == 1);
  CHECK(withoutMember(body, "clientState") ==
        R"({ "value":[ {"clientState" : "***", "n":1.50 }]})");
  CHECK(withoutMember(R"({"clientState":"a\"b","x":{"clientState":7}})", "clientState") ==
        R"({"clientState":"***","x":{"clientState":"***"}})");
  CHECK(withoutMember(R"({"clientState":{"a":1}})", "clientState") == R"({"clientState":{"a":1}})");
  CHECK(withoutMember("plain \"clientState\": \"unfinished", "clientState") ==
        "plain \"clientState\": \"unfinished");
}

TEST_CASE("a time in the signed body is kept to its window") {
  const int64_t at_ms = 1'795'249'800'000;
  const auto verifier = verifierOf(kBodyTime, {"key"});
  const auto scheme = SignatureScheme::fromJson(parseJson(kBodyTime).value()).value();
  const std::string body =
      bodyToSign(scheme, R"({"action":"create", "webhookTimestamp": 1 })", "key", at_ms);
  CHECK(body == R"({"action":"create", "webhookTimestamp": 1795249800000 })");
  const Headers headers = {{"Linear-Signature", toHex(hmacSha256("key", body))}};
  const SignatureInput input{"POST", "", "", "", body, headers};
  CHECK(verifier->verify(input, at_ms));
  CHECK(verifier->verify(input, at_ms + 59'000));
  CHECK_FALSE(verifier->verify(input, at_ms + 61'000));
  CHECK_FALSE(verifier->verify(input, at_ms - 61'000));
  for (const std::string other : {"{}", R"({"webhookTimestamp":"soon"})", "no json"}) {
    const Headers signed_too = {{"Linear-Signature", toHex(hmacSha256("key", other))}};
    CHECK_FALSE(verifier->verify({"POST", "", "", "", other, signed_too}, at_ms));
  }
}

TEST_CASE("a proof is the MAC of a text under the secret that is asked for") {
  const auto verifier = verifierOf(kZendesk, {"new", "old"});
  CHECK(verifier->proof(0, "x") == toHex(hmacSha256("new", "x")));
  CHECK(verifier->proof(1, "x") == toHex(hmacSha256("old", "x")));
  CHECK(verifier->proof(2, "x").empty());
  CHECK(verifierOf(kQueryToken, {"t"})->proof(0, "x").empty());
}

TEST_CASE("places in the body that make no sense are refused") {
  for (const char* scheme :
       {R"({"algorithm":"hmac-sha256","json":"/a"})", R"({"algorithm":"plain-token","json":"a"})",
        R"J({"algorithm":"plain-token","json":"/a/*"})J",
        R"({"algorithm":"plain-token","json":"/a","header":"X"})",
        R"({"algorithm":"hmac-sha256","header":"X","timestamp":{"json":"a"}})",
        R"({"algorithm":"hmac-sha256","header":"X","timestamp":{"json":"/a","header":"Y"}})"}) {
    CAPTURE(scheme);
    CHECK_FALSE(SignatureScheme::fromJson(parseJson(scheme).value()));
  }
}

}  // namespace junctor::crypto::testing
