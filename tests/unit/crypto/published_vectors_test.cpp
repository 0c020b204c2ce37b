// Vectors the vendors print in their documentation (tests/data/vectors.json names each source).
#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "base/files.h"
#include "crypto/hash.h"
#include "unit/crypto/schemes.h"

namespace junctor::crypto {
namespace {

using testing::verifierOf;

Json vectorOf(const std::string& name) {
  const auto text = readFile(JUNCTOR_TEST_DATA "/vectors.json");
  return parseJson(text.value()).value()[name];
}

Headers headersOf(const Json& vector) {
  Headers out;
  for (const auto& [name, value] : vector["header"].items()) out.emplace_back(name, value);
  return out;
}

}  // namespace

TEST_CASE("GitHub's published vector verifies") {
  const Json vector = vectorOf("github");
  const auto verifier = verifierOf(testing::kGithub, {vector["secret"]});
  const std::string body = vector["body"];
  const Headers headers = headersOf(vector);
  CHECK(verifier->verify({"POST", "", "", "", body, headers}, 0));
  CHECK_FALSE(verifier->verify({"POST", "", "", "", body + " ", headers}, 0));
}

TEST_CASE("the Standard Webhooks vector verifies at its own time and is stale five minutes on") {
  const Json vector = vectorOf("standard_webhooks");
  const auto verifier = verifierOf(testing::kStandardWebhooks, {vector["secret"]});
  const std::string body = vector["body"];
  const Headers headers = headersOf(vector);
  const SignatureInput input{"POST", "", "", "", body, headers};
  const int64_t signed_at_ms = 1'614'265'330'000;
  CHECK(verifier->verify(input, signed_at_ms));
  CHECK(verifier->verify(input, signed_at_ms + 300'000));
  CHECK_FALSE(verifier->verify(input, signed_at_ms + 300'001));
  CHECK_FALSE(verifier->verify(input, signed_at_ms - 300'001));
}

TEST_CASE("our own signer makes the published Standard Webhooks signature") {
  const Json vector = vectorOf("standard_webhooks");
  const auto signer = makeWebhookSigner({vector["secret"]});
  const std::string body = vector["body"];
  const Headers headers = signer.value()->sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1'614'265'330, body);
  CHECK(*findHeader(headers, "webhook-signature") ==
        vector["header"]["webhook-signature"].get<std::string>());
  CHECK(*findHeader(headers, "webhook-timestamp") == "1614265330");
}

TEST_CASE("Twilio's published form vector is an HMAC-SHA-1 of URL and sorted fields") {
  const Json vector = vectorOf("twilio_form");
  std::string covered = vector["url"];
  for (const auto& [name, value] : vector["params"].items()) {  // the file lists them sorted
    covered += name + value.get<std::string>();
  }
  CHECK(toBase64(hmacSha1(vector["secret"].get<std::string>(), covered)) ==
        vector["header"]["X-Twilio-Signature"].get<std::string>());
}

TEST_CASE("a secret that only looks like base64 is used as text") {
  const Json vector = vectorOf("zendesk_OLD_PAGE_DO_NOT_USE_ORDER");
  const std::string secret = vector["secret"];
  const std::string covered =
      vector["timestamp"].get<std::string>() + vector["body"].get<std::string>();
  CHECK(toBase64(hmacSha256(secret, covered)) == vector["timestamp_then_body"].get<std::string>());
}

TEST_CASE("HubSpot's published v1 and v2 vectors are plain SHA-256") {
  const Json get = vectorOf("hubspot_v2_get");
  const Json post = vectorOf("hubspot_v2_post");
  const auto digest = [](const Json& vector) {
    return sha256Hex(vector["secret"].get<std::string>() + vector["method"].get<std::string>() +
                     vector["url"].get<std::string>() + vector["body"].get<std::string>());
  };
  CHECK(digest(get) == get["header"]["X-HubSpot-Signature"].get<std::string>());
  CHECK(digest(post) == post["header"]["X-HubSpot-Signature"].get<std::string>());
}

}  // namespace junctor::crypto
