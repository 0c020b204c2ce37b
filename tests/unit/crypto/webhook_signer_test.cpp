#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "crypto/hash.h"
#include "unit/crypto/schemes.h"

namespace junctor::crypto {
namespace {

std::string secretOf(size_t bytes) {
  return "whsec_" + toBase64(std::string(bytes, 'k'));
}

}  // namespace

TEST_CASE("what we send verifies with every live secret, in rotation too") {
  const std::string old_secret = "whsec_" + toBase64(randomBytes(24));
  const std::string new_secret = "whsec_" + toBase64(randomBytes(64));
  const auto signer = makeWebhookSigner({new_secret, old_secret});
  const std::string body = R"({"type":"contact.created"})";
  const Headers headers = signer.value()->sign("dlv_1", 1'763'700'000, body);
  for (const std::string& secret : {old_secret, new_secret}) {
    const auto verifier = testing::verifierOf(testing::kStandardWebhooks, {secret});
    CHECK(verifier->verify({"POST", "", "", "", body, headers}, 1'763'700'000'000));
  }
  CHECK(*findHeader(headers, "webhook-id") == "dlv_1");
}

TEST_CASE("the same message is signed the same, another time differently") {
  const auto signer = makeWebhookSigner({secretOf(32)}).value();
  CHECK(signer->sign("a", 1, "x") == signer->sign("a", 1, "x"));
  CHECK(*findHeader(signer->sign("a", 1, "x"), "webhook-signature") !=
        *findHeader(signer->sign("a", 2, "x"), "webhook-signature"));
}

TEST_CASE("a signing secret has 24 to 64 bytes behind whsec_") {
  CHECK(makeWebhookSigner({secretOf(24)}));
  CHECK(makeWebhookSigner({secretOf(64)}));
  CHECK_FALSE(makeWebhookSigner({secretOf(23)}));
  CHECK_FALSE(makeWebhookSigner({secretOf(65)}));
  CHECK_FALSE(makeWebhookSigner({toBase64(std::string(32, 'k'))}));
  CHECK_FALSE(makeWebhookSigner({"whsec_%%%"}));
  CHECK_FALSE(makeWebhookSigner({""}));
  CHECK_FALSE(makeWebhookSigner({}));
  CHECK_FALSE(makeWebhookSigner({secretOf(32), "short"}));
}

}  // namespace junctor::crypto
