// The signature scheme in each manifest, used by the host's verifier on each sample.
#include "base/bytes.h"
#include "conformance/connectors/connector_house.h"
#include "crypto/signature.h"
#include "crypto/signing_key.h"

namespace junctor::testing {
namespace {

constexpr int64_t kNowMs = 1'763'700'000'000;
constexpr const char* kOld = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* kNew = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

std::string secretOf(const plugin::Manifest& manifest, const std::string& name);

std::unique_ptr<crypto::Verifier> verifier(const plugin::Manifest& manifest,
                                           const std::vector<std::string>& secrets) {
  REQUIRE(manifest.signature.has_value());
  std::vector<std::string> fitting;
  for (const std::string& secret : secrets) fitting.push_back(secretOf(manifest, secret));
  auto made = crypto::makeVerifier(*manifest.signature, fitting);
  if (!made) FAIL(describe(made.error()));
  return std::move(*made);
}

// What a sender has for `name`; Ed25519 takes a seed and its public key.
std::string secretOf(const plugin::Manifest& manifest, const std::string& name) {
  const crypto::SignatureScheme& scheme = *manifest.signature;
  if (scheme.key == crypto::KeyForm::Base64) return name.substr(6);
  if (scheme.algorithm != crypto::Algorithm::Ed25519) return name;
  const auto key = crypto::SigningKey::fromSeed(name.substr(0, 32)).value();
  return toHex(key.seed() + key.publicKey());
}

struct Signed {
  std::string body;
  Headers headers;

  Signed(const plugin::Manifest& manifest, const plugin::Sample& sample, const char* secret)
      : Signed(manifest, deliver(manifest, sample), secret) {}
  Signed(const plugin::Manifest& manifest, const Delivered& delivered, const char* secret)
      : body(crypto::bodyToSign(*manifest.signature, delivered.request.body, secret, kNowMs)),
        headers(delivered.request.headers) {
    const auto made = verifier(manifest, {secret})->sign(input(), kNowMs);
    if (!made) FAIL(describe(made.error()));
    for (const Header& header : *made) {
      if (!findHeader(headers, header.first)) headers.push_back(header);
    }
  }

  crypto::SignatureInput input() const {
    return {"POST", "https://hooks.example/in", "/in", "", body, headers};
  }
  bool accepted(const crypto::Verifier& by, int64_t at_ms = kNowMs) const {
    const auto result = by.verify(input(), at_ms);
    if (!result) CHECK(result.error().code == ErrorCode::Unauthenticated);
    return result.has_value();
  }
  std::string& header(const std::string& name) {
    for (Header& header : headers) {
      if (equalsIgnoreCase(header.first, name)) return header.second;
    }
    FAIL("no header " << name);
    return headers[0].second;
  }
};

template <class Check>
void forEverySample(Check&& check) {
  for (const auto& connector : webhookConnectors()) {
    // A token in the URL or body signs nothing: the verifier's own tests are about it.
    const auto& scheme = connector->manifest().signature;
    if (!scheme || scheme->header.empty()) continue;
    for (const plugin::Sample& sample : connector->manifest().samples) {
      CAPTURE(connector->manifest().id, sample.file);
      check(connector->manifest(), sample);
    }
  }
}

}  // namespace

TEST_CASE("every sample verifies under each of two live secrets, and under no other") {
  forEverySample([](const plugin::Manifest& manifest, const plugin::Sample& sample) {
    const auto both = verifier(manifest, {kNew, kOld});
    CHECK(Signed(manifest, sample, kOld).accepted(*both));
    CHECK(Signed(manifest, sample, kNew).accepted(*both));
    const auto other = verifier(manifest, {kNew});
    CHECK_FALSE(Signed(manifest, sample, kOld).accepted(*other));
  });
}

TEST_CASE("one flipped bit in the body or the signature is refused") {
  forEverySample([](const plugin::Manifest& manifest, const plugin::Sample& sample) {
    const auto by = verifier(manifest, {kOld});
    Signed body(manifest, sample, kOld);
    body.body[body.body.size() / 2] ^= 1;
    const bool signs = manifest.signature->algorithm != crypto::Algorithm::PlainToken;
    CHECK(body.accepted(*by) != signs);
    Signed signature(manifest, sample, kOld);
    std::string& value = signature.header(manifest.signature->header);
    value[value.size() - 5] = value[value.size() - 5] == 'a' ? 'b' : 'a';
    CHECK_FALSE(signature.accepted(*by));
  });
}

TEST_CASE("a missing or doubled signature header is refused") {
  forEverySample([](const plugin::Manifest& manifest, const plugin::Sample& sample) {
    const auto by = verifier(manifest, {kOld});
    const std::string& name = manifest.signature->header;
    Signed doubled(manifest, sample, kOld);
    doubled.headers.emplace_back(name, doubled.header(name));
    CHECK_FALSE(doubled.accepted(*by));
    Signed missing(manifest, sample, kOld);
    std::erase_if(missing.headers,
                  [&](const Header& h) { return equalsIgnoreCase(h.first, name); });
    CHECK_FALSE(missing.accepted(*by));
  });
}

TEST_CASE("the time window is each provider's own") {
  const struct {
    const char* connector;
    bool old_refused, future_refused;
    int64_t window_s = 300;
  } cases[] = {{"discord", true, true},    {"gitlab", false, false},
               {"linear", true, true, 60}, {"pagerduty", false, false},
               {"teams", false, false},    {"zoom", true, true},
               {"github", false, false},   {"generic", false, false},
               {"hubspot", true, true},    {"jira", false, false},
               {"openai", true, true},     {"shopify", false, false},
               {"slack", true, true},      {"twilio", false, false},
               {"zendesk", true, true},    {"standard-webhooks", true, true},
               {"stripe", true, false}};
  for (const auto& c : cases) {
    CAPTURE(c.connector);
    const plugin::Manifest& manifest = connectorNamed(c.connector)->manifest();
    const auto by = verifier(manifest, {kOld});
    const Signed now(manifest, manifest.samples[0], kOld);
    const int64_t inside_ms = c.window_s * 1'000 - 1'000, outside_ms = inside_ms + 3'000;
    CHECK(now.accepted(*by, kNowMs + inside_ms));
    CHECK(now.accepted(*by, kNowMs - inside_ms));
    CHECK(now.accepted(*by, kNowMs + outside_ms) == !c.old_refused);
    CHECK(now.accepted(*by, kNowMs - outside_ms) == !c.future_refused);
  }
}

TEST_CASE("a changed timestamp or message id is refused where it is signed") {
  const struct {
    const char* connector;
    const char* header;
  } cases[] = {{"slack", "X-Slack-Request-Timestamp"},
               {"standard-webhooks", "webhook-timestamp"},
               {"standard-webhooks", "webhook-id"}};
  for (const auto& c : cases) {
    CAPTURE(c.connector, c.header);
    const plugin::Manifest& manifest = connectorNamed(c.connector)->manifest();
    Signed changed(manifest, manifest.samples[0], kOld);
    char& last = changed.header(c.header).back();
    last = last == '1' ? '2' : '1';
    CHECK_FALSE(changed.accepted(*verifier(manifest, {kOld})));
  }
}

TEST_CASE("generic takes a bare hex digest by default, and a prefix only when told") {
  const plugin::Manifest& manifest = connectorNamed("generic")->manifest();
  CHECK(manifest.signature_from_settings);
  const auto by = verifier(manifest, {kOld});
  Signed prefixed(manifest, manifest.samples[0], kOld);
  std::string& value = prefixed.header("X-Webhook-Signature");
  CHECK(fromHex(value).has_value());
  value = "sha256=" + value;
  CHECK_FALSE(prefixed.accepted(*by));
}

}  // namespace junctor::testing
