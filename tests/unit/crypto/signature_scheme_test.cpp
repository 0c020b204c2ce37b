#include <catch2/catch.hpp>

#include "unit/crypto/schemes.h"

namespace junctor::crypto {
namespace {

using testing::schemeOf;

std::string errorOf(const std::string& json) {
  const auto scheme = schemeOf(json);
  return scheme ? "accepted" : scheme.error().message;
}

}  // namespace

TEST_CASE("every provider's scheme reads") {
  for (const char* json :
       {testing::kGithub, testing::kSlack, testing::kStripe, testing::kStandardWebhooks,
        testing::kGenericHex, testing::kGenericBase64, testing::kHubspot, testing::kPagerduty,
        testing::kIntercom, testing::kTeams, testing::kGitlabToken, testing::kDiscord,
        R"({"algorithm":"none"})"}) {
    CHECK(errorOf(json) == "accepted");
  }
}

TEST_CASE("a scheme keeps what it was given") {
  const auto stripe = schemeOf(testing::kStripe).value();
  CHECK(stripe.pair_time == "t");
  CHECK(stripe.pair_signature == "v1");
  CHECK(stripe.separator == ",");
  CHECK(stripe.future_ok);
  CHECK(stripe.tolerance_s == 300);
  const auto standard = schemeOf(testing::kStandardWebhooks).value();
  CHECK(standard.prefix == "v1,");
  CHECK(standard.key == KeyForm::Base64AfterPrefix);
  CHECK(schemeOf(testing::kGenericBase64).value().timestamp_unit_ms == 1);
  CHECK(schemeOf(testing::kDiscord).value().key == KeyForm::HexPublicKey);
}

TEST_CASE("a time in the header has the usual window unless another is given") {
  const auto scheme = schemeOf(R"({"header":"S","pairs":{"time":"t","signature":"v1"},
                   "signed":"{timestamp}.{body}"})");
  CHECK(scheme.value().tolerance_s == 300);
}

TEST_CASE("a bad scheme is refused with the path of the key") {
  const std::pair<const char*, const char*> cases[] = {
      {R"([])", "signature: must be an object"},
      {R"({})", "signature.header: is required"},
      {R"({"header":5})", "signature.header: must be a string"},
      {R"({"header":"X Y"})", "signature.header: is not a header name"},
      {R"({"header":""})", "signature.header: is not a header name"},
      {R"({"header":"S","encodng":"hex"})", "signature.encodng: unknown key"},
      {R"({"header":"S","encoding":"utf16"})", "signature.encoding: must be one of hex, base64"},
      {R"({"header":"S","algorithm":"md5"})", "signature.algorithm: must be one of"},
      {R"({"header":"S","algorithm":true})", "signature.algorithm: must be a string"},
      {R"({"header":"S","algorithm":"none"})", "signature.algorithm: none goes with no other key"},
      {R"({"header":"S","key":"raw"})", "signature.key: must be one of"},
      {R"({"header":"S","key":"hex-public-key"})", "signature.key: "},
      {R"({"header":"S","algorithm":"ed25519","key":"utf8"})", "signature.key: "},
      {R"({"header":"S","algorithm":"plain-token","key":"base64"})", "signature.key: "},
      {R"({"header":"S","algorithm":"plain-token","signed":"{body}"})", "signature.signed: "},
      {R"({"header":"S","signed":"{bdy}"})", "signature.signed: unknown placeholder '{bdy}'"},
      {R"({"header":"S","signed":"{body"})", "signature.signed: a brace stands alone"},
      {R"({"header":"S","signed":"body}"})", "signature.signed: a brace stands alone"},
      {R"({"header":"S","signed":"{header:a b}{body}"})", "signature.signed: unknown placeholder"},
      {R"({"header":"S","signed":"{url}"})", "signature.signed: must contain {body}"},
      {R"({"header":"S","signed":""})", "signature.signed: must contain {body}"},
      {R"({"header":"S","signed":"{timestamp}{body}"})", "signature.signed: {timestamp} needs"},
      {R"({"header":"S","timestamp":{"header":"T"}})",
       "signature.signed: must contain {timestamp}"},
      {R"({"header":"S","separator":"; "})", "signature.separator: must be one character"},
      {R"({"header":"S","separator":""})", "signature.separator: must be one character"},
      {R"({"header":"S","prefix":"a","version":"b"})", "signature.version: "},
      {R"({"header":"S","pairs":[]})", "signature.pairs: must be an object"},
      {R"({"header":"S","pairs":{"time":"t"}})", "signature.pairs.signature: is required"},
      {R"({"header":"S","pairs":{"time":"v","signature":"v"}})", "signature.pairs.time: "},
      {R"({"header":"S","pairs":{"signature":"v1","tim":"t"}})", "signature.pairs.tim: unknown"},
      {R"({"header":"S","timestamp":{}})", "signature.timestamp.header: is required"},
      {R"({"header":"S","timestamp":{"header":"T","unit":"min"}})", "signature.timestamp.unit: "},
      {R"({"header":"S","timestamp":{"header":"T","tolerance_s":-1}})",
       "signature.timestamp.tolerance_s: must be an integer"},
      {R"({"header":"S","timestamp":{"header":"T","tolerance_s":1e3}})",
       "signature.timestamp.tolerance_s: must be an integer"},
      {R"({"header":"S","timestamp":{"header":"T","tolerance_s":86401}})",
       "signature.timestamp.tolerance_s: must be an integer"},
      {R"({"header":"S","timestamp":{"header":"T","tolerance_s":18446744073709551615}})",
       "signature.timestamp.tolerance_s: must be an integer"},
      {R"({"header":"S","timestamp":{"header":"T","future_ok":1}})",
       "signature.timestamp.future_ok: must be true or false"},
      {R"({"header":"S","pairs":{"time":"t","signature":"v1"},"signed":"{timestamp}{body}",
           "timestamp":{"header":"T"}})",
       "signature.timestamp.header: "},
  };
  for (const auto& [json, message] : cases) {
    INFO(json);
    CHECK_THAT(errorOf(json), Catch::Matchers::StartsWith(message));
  }
}

TEST_CASE("a signed text of too many parts is refused") {
  std::string text;
  for (int i = 0; i < 17; ++i) text += "{body}";
  CHECK_THAT(errorOf(R"({"header":"S","signed":")" + text + "\"}"),
             Catch::Matchers::Contains("more than 16 parts"));
}

TEST_CASE("a secret that has not the scheme's form is refused without being quoted") {
  const auto messageOf = [](const char* json, const std::string& secret) {
    const auto made = makeVerifier(schemeOf(json).value(), {secret});
    REQUIRE_FALSE(made);
    CHECK(made.error().code == ErrorCode::InvalidArgument);
    if (secret.size() > 6) CHECK(made.error().message.find(secret) == std::string::npos);
    return made.error().message;
  };
  CHECK(messageOf(testing::kGithub, "") == "the secret is empty");
  messageOf(testing::kStandardWebhooks, "whsec_");
  messageOf(testing::kStandardWebhooks, "whsec_not base64!");
  messageOf(testing::kTeams, "b@dbase64");
  messageOf(testing::kDiscord, "zz");
  messageOf(testing::kDiscord, std::string(62, 'a'));
  messageOf(testing::kDiscord, std::string(66, 'a'));
}

TEST_CASE("without a secret there is no verifier") {
  CHECK_FALSE(makeVerifier(schemeOf(testing::kGithub).value(), {}));
  CHECK_FALSE(makeVerifier(schemeOf(testing::kGithub).value(), std::vector<std::string>(17, "x")));
  CHECK_FALSE(makeVerifier(schemeOf(R"({"algorithm":"none"})").value(), {"x"}));
}

}  // namespace junctor::crypto
