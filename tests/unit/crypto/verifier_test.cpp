// What is special to one form of header: lists, pairs, tokens, times, public keys.
#include <catch2/catch.hpp>

#include <atomic>

#include "base/bytes.h"
#include "base/threads.h"
#include "crypto/hash.h"
#include "unit/crypto/schemes.h"

namespace junctor::crypto {
namespace {

using testing::verifierOf;

constexpr int64_t kNow = 1'763'700'000'000;
const std::string kTime = "1763700000";
const std::string kBody = R"({"hello":"world"})";

bool takes(const Verifier& verifier, const Headers& headers, const std::string& body = kBody) {
  return verifier.verify({"POST", "https://h/p?q=1", "/p", "q=1", body, headers}, kNow).has_value();
}

std::string hexMac(const std::string& key, const std::string& text) {
  return toHex(hmacSha256(key, text));
}

}  // namespace

TEST_CASE("Stripe: any of several v1 counts, v0 does not") {
  const auto verifier = verifierOf(testing::kStripe, {"whsec_k"});
  const std::string good = hexMac("whsec_k", kTime + "." + kBody);
  const std::string bad(64, '0');
  const std::string t = "t=" + kTime;
  CHECK(takes(*verifier, {{"Stripe-Signature", t + ",v1=" + good}}));
  CHECK(takes(*verifier, {{"Stripe-Signature", t + ",v1=" + bad + ",v1=" + good + ",v0=" + bad}}));
  CHECK(takes(*verifier, {{"Stripe-Signature", "v1=" + good + ", " + t}}));
  CHECK_FALSE(takes(*verifier, {{"Stripe-Signature", t + ",v0=" + good}}));
  CHECK_FALSE(takes(*verifier, {{"Stripe-Signature", t + ",V1=" + good}}));
  CHECK_FALSE(takes(*verifier, {{"Stripe-Signature", t + ",v1=" + bad}}));
}

TEST_CASE("Stripe: a list without time, with two times or without '=' is refused") {
  const auto verifier = verifierOf(testing::kStripe, {"whsec_k"});
  const std::string good = "v1=" + hexMac("whsec_k", kTime + "." + kBody);
  CHECK_FALSE(takes(*verifier, {{"Stripe-Signature", good}}));
  CHECK_FALSE(takes(*verifier, {{"Stripe-Signature", "t=" + kTime + ",t=1," + good}}));
  CHECK_FALSE(takes(*verifier, {{"Stripe-Signature", "t=1,t=" + kTime + "," + good}}));
  CHECK_FALSE(takes(*verifier, {{"Stripe-Signature", "t=" + kTime + ",junk," + good}}));
  CHECK_FALSE(takes(*verifier, {{"Stripe-Signature", "t=," + good}}));
}

TEST_CASE("Stripe: the secret is used as text with its prefix") {
  const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const auto verifier = verifierOf(testing::kStripe, {secret});
  const std::string covered = kTime + "." + kBody;
  CHECK(takes(*verifier, {{"Stripe-Signature", "t=" + kTime + ",v1=" + hexMac(secret, covered)}}));
  CHECK_FALSE(takes(*verifier, {{"Stripe-Signature",
                                 "t=" + kTime + ",v1=" + hexMac(secret.substr(6), covered)}}));
}

TEST_CASE("Standard Webhooks: any of several signatures counts, other versions are skipped") {
  const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const auto verifier = verifierOf(testing::kStandardWebhooks, {secret});
  const std::string key = fromBase64(secret.substr(6)).value();
  const std::string good = toBase64(hmacSha256(key, "msg_1." + kTime + "." + kBody));
  const auto with = [&](const std::string& value) {
    return Headers{
        {"webhook-id", "msg_1"}, {"webhook-timestamp", kTime}, {"webhook-signature", value}};
  };
  CHECK(takes(*verifier, with("v1," + good)));
  CHECK(takes(*verifier, with("v1a,AAAA v1," + toBase64("wrong") + " v1," + good)));
  CHECK_FALSE(takes(*verifier, with(good)));
  CHECK_FALSE(takes(*verifier, with("v2," + good)));
  CHECK_FALSE(takes(*verifier, with("v1a," + good)));
  CHECK_FALSE(takes(*verifier, with("v1," + toBase64Url(fromBase64(good).value()) + "!")));
}

TEST_CASE("Standard Webhooks: the secret may come without its prefix") {
  const auto with =
      verifierOf(testing::kStandardWebhooks, {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
  const auto without = verifierOf(testing::kStandardWebhooks, {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
  Headers headers = {{"webhook-id", "m"}};
  const auto made = with->sign({"POST", "", "", "", kBody, headers}, kNow);
  for (const Header& header : made.value()) headers.push_back(header);
  CHECK(takes(*without, headers));
}

TEST_CASE("PagerDuty: one of a comma list is enough") {
  const auto verifier = verifierOf(testing::kPagerduty, {"k"});
  const std::string good = "v1=" + hexMac("k", kBody);
  const std::string other = "v1=" + hexMac("old", kBody);
  CHECK(takes(*verifier, {{"X-PagerDuty-Signature", other + "," + good}}));
  CHECK(takes(*verifier, {{"X-PagerDuty-Signature", good + ", " + other}}));
  CHECK_FALSE(takes(*verifier, {{"X-PagerDuty-Signature", other + "," + other}}));
  CHECK_FALSE(takes(*verifier, {{"X-PagerDuty-Signature", ",,,"}}));
}

TEST_CASE("more signatures than a sender could need are refused, even if one is right") {
  const auto verifier = verifierOf(testing::kPagerduty, {"k"});
  const std::string good = "v1=" + hexMac("k", kBody);
  std::string value;
  for (int i = 0; i < 15; ++i) value += "v1=00,";
  CHECK(takes(*verifier, {{"X-PagerDuty-Signature", value + good}}));
  CHECK_FALSE(takes(*verifier, {{"X-PagerDuty-Signature", "v1=00," + value + good}}));
}

TEST_CASE("without a separator a header holds exactly one signature") {
  const auto verifier = verifierOf(testing::kGithub, {"k"});
  const std::string good = "sha256=" + hexMac("k", kBody);
  CHECK(takes(*verifier, {{"x-hub-signature-256", good}}));
  CHECK(takes(*verifier, {{"X-Hub-Signature-256", " " + good + "\t"}}));
  CHECK_FALSE(takes(*verifier, {{"X-Hub-Signature-256", good + "," + good}}));
  CHECK_FALSE(takes(*verifier, {{"X-Hub-Signature-256", good + " " + good}}));
  CHECK_FALSE(takes(*verifier, {{"X-Hub-Signature-256", hexMac("k", kBody)}}));
  CHECK_FALSE(takes(*verifier, {{"X-Hub-Signature-256", "sha1=" + hexMac("k", kBody)}}));
  CHECK_FALSE(takes(*verifier, {{"X-Hub-Signature-256", "SHA256=" + hexMac("k", kBody)}}));
}

TEST_CASE("the legacy header of GitHub is not taken for the real one") {
  const auto verifier = verifierOf(testing::kGithub, {"k"});
  CHECK_FALSE(takes(*verifier, {{"X-Hub-Signature", "sha1=" + toHex(hmacSha1("k", kBody))}}));
}

TEST_CASE("a time that is no plain number is refused, though it is signed") {
  const auto verifier = verifierOf(testing::kSlack, {"k"});
  for (const std::string time :
       {"", "now", "+1763700000", "-1763700000", "1763700000.0", "0x69200000", "1763700000 1",
        "17637000001763700000", "99999999999999999999", "1e9", "１７６３７０００００",
        "1763700000s", "2025-11-21T04:40:00Z"}) {
    INFO(time);
    CHECK_FALSE(
        takes(*verifier, {{"X-Slack-Request-Timestamp", time},
                          {"X-Slack-Signature", "v0=" + hexMac("k", "v0:" + time + ":" + kBody)}}));
  }
  CHECK(
      takes(*verifier, {{"X-Slack-Request-Timestamp", kTime},
                        {"X-Slack-Signature", "v0=" + hexMac("k", "v0:" + kTime + ":" + kBody)}}));
}

TEST_CASE("the largest time does not overflow the window") {
  const auto verifier = verifierOf(testing::kStripe, {"k"});
  const std::string time = "999999999999999";
  const std::string value = "t=" + time + ",v1=" + hexMac("k", time + "." + kBody);
  CHECK(takes(*verifier, {{"Stripe-Signature", value}}));  // the future is fine with Stripe
}

TEST_CASE("method, URL, path and query can be signed") {
  const auto verifier = verifierOf(
      R"({"header":"S","signed":"{method} {path}?{query} {url} {header:X-Id}|{body}"})", {"k"});
  const std::string covered = "POST /p?q=1 https://h/p?q=1 7|" + kBody;
  const Headers headers = {{"S", hexMac("k", covered)}, {"x-id", "7"}};
  CHECK(takes(*verifier, headers));
  const auto moved = [&](std::string_view method, std::string_view url, std::string_view path,
                         std::string_view query) {
    return verifier->verify({method, url, path, query, kBody, headers}, kNow).has_value();
  };
  CHECK_FALSE(moved("PUT", "https://h/p?q=1", "/p", "q=1"));
  CHECK_FALSE(moved("POST", "http://h/p?q=1", "/p", "q=1"));
  CHECK_FALSE(moved("POST", "https://h/p?q=1", "/P", "q=1"));
  CHECK_FALSE(moved("POST", "https://h/p?q=1", "/p", "q=2"));
}

TEST_CASE("a plain token must be the secret, whole") {
  const auto verifier = verifierOf(testing::kGitlabToken, {"token-one", "token-two"});
  CHECK(takes(*verifier, {{"X-Gitlab-Token", "token-one"}}));
  CHECK(takes(*verifier, {{"x-gitlab-token", "token-two"}}));
  for (const char* wrong : {"", "token", "token-one ,", "Token-one", "token-onetoken-two",
                            "token-one token-two", "token-three"}) {
    CHECK_FALSE(takes(*verifier, {{"X-Gitlab-Token", wrong}}));
  }
  CHECK_FALSE(takes(*verifier, {}));
  CHECK_FALSE(takes(*verifier, {{"X-Gitlab-Token", "token-one"}, {"X-Gitlab-Token", "token-one"}}));
}

TEST_CASE("a plain token may have a prefix, and sign() gives what verifies") {
  const auto verifier = verifierOf(
      R"({"algorithm":"plain-token","header":"Authorization","prefix":"Bearer "})", {"s3cret"});
  const Headers none;
  const auto made = verifier->sign({"POST", "", "", "", kBody, none}, kNow);
  CHECK(made.value() == Headers{{"Authorization", "Bearer s3cret"}});
  CHECK(takes(*verifier, made.value()));
  CHECK_FALSE(takes(*verifier, {{"Authorization", "s3cret"}}));
}

TEST_CASE("Ed25519: RFC 8032 test 2 verifies as a webhook, and cannot be signed by us") {
  const std::string public_key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
  const std::string signature =
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
  const auto verifier = verifierOf(R"({"algorithm":"ed25519","header":"S"})", {public_key});
  CHECK(takes(*verifier, {{"S", signature}}, "\x72"));
  CHECK_FALSE(takes(*verifier, {{"S", signature}}, "\x73"));
  CHECK_FALSE(takes(*verifier, {{"S", signature.substr(2)}}, "\x72"));
  const Headers none;
  CHECK(verifier->sign({"POST", "", "", "", "x", none}, kNow).error().code ==
        ErrorCode::Unimplemented);
}

TEST_CASE("one verifier serves many threads, and many verifiers one thread") {
  const auto shared = verifierOf(testing::kGithub, {"shared"});
  std::atomic<int> wrong{0};
  {
    std::vector<Thread> threads;
    for (int n = 0; n < 4; ++n) {
      threads.emplace_back("verify", [&, n] {
        const auto own = verifierOf(testing::kGithub, {"own" + std::to_string(n)});
        for (int i = 0; i < 500; ++i) {
          const std::string body = std::to_string(n) + ":" + std::to_string(i);
          const Headers ok = {{"X-Hub-Signature-256", "sha256=" + hexMac("shared", body)}};
          if (!takes(*shared, ok, body)) ++wrong;
          if (takes(*own, ok, body)) ++wrong;
        }
      });
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("more verifiers than a thread caches stay apart") {
  std::vector<std::unique_ptr<Verifier>> verifiers;
  for (int i = 0; i < 600; ++i) {
    verifiers.push_back(verifierOf(testing::kGenericHex, {"key" + std::to_string(i)}));
  }
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 600; ++i) {
      const Headers headers = {{"X-Webhook-Signature", hexMac("key" + std::to_string(i), kBody)}};
      CHECK(takes(*verifiers[static_cast<size_t>(i)], headers));
      CHECK_FALSE(takes(*verifiers[static_cast<size_t>((i + 256) % 600)], headers));
    }
  }
}

}  // namespace junctor::crypto
