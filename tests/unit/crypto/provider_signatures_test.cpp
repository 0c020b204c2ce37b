// Every provider's scheme against one list of attacks. The signer is the scheme itself; that the
// schemes are the vendors' is shown by published_vectors_test and by the vendors' own SDKs.
#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "unit/crypto/schemes.h"

namespace junctor::crypto {
namespace {

using testing::schemeOf;
using testing::verifierOf;

constexpr int64_t kNow = 1'763'700'000'000;

struct Provider {
  const char* name;
  const char* scheme;
  std::string first, second;  // two live secrets
};

const std::string kBase64KeyA = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const std::string kBase64KeyB = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

const Provider kProviders[] = {
    {"github", testing::kGithub, "It's a Secret to Everybody", "another secret"},
    {"slack", testing::kSlack, "8f742231b10e8888abcd99yyyzzz85a5",
     "e6b19c573432dcc6b075501d51b51bb8"},
    {"stripe", testing::kStripe, "whsec_one", "whsec_two"},
    {"standard-webhooks", testing::kStandardWebhooks, kBase64KeyA, kBase64KeyB},
    {"generic hex", testing::kGenericHex, "k1", "k2"},
    {"generic base64", testing::kGenericBase64, "k1", "k2"},
    {"hubspot", testing::kHubspot, "client-secret-1", "client-secret-2"},
    {"pagerduty", testing::kPagerduty, "k1", "k2"},
    {"intercom", testing::kIntercom, "k1", "k2"},
    {"teams", testing::kTeams, "c2VjcmV0LW9uZQ==", "c2VjcmV0LXR3bw=="},
};

// One signed request that a test may spoil.
struct SignedRequest {
  std::string url = "https://hooks.example.com/v1/webhooks/incoming/abc";
  std::string body = R"({"id":820982911946154508,"text":"h\u00e9llo",  "n":1})";
  Headers headers = {{"Content-Type", "application/json"}, {"webhook-id", "msg_1"}};

  SignatureInput input() const {
    return {"POST", url, "/v1/webhooks/incoming/abc", "", body, headers};
  }
};

SignedRequest signedBy(const Provider& provider, const std::string& secret, int64_t at_ms = kNow) {
  SignedRequest request;
  const auto made = verifierOf(provider.scheme, {secret})->sign(request.input(), at_ms);
  for (const Header& header : made.value()) request.headers.push_back(header);
  return request;
}

ErrorCode codeOf(const Verifier& verifier, const SignedRequest& request, int64_t now = kNow) {
  const auto result = verifier.verify(request.input(), now);
  REQUIRE_FALSE(result);
  return result.error().code;
}

std::string& headerOf(SignedRequest& request, const std::string& name) {
  for (Header& header : request.headers) {
    if (equalsIgnoreCase(header.first, name)) return header.second;
  }
  FAIL("no header " << name);
  return request.body;
}

void eraseHeader(SignedRequest& request, const std::string& name) {
  std::erase_if(request.headers,
                [&](const Header& header) { return equalsIgnoreCase(header.first, name); });
}

template <class Check>
void forEachProvider(Check check) {
  for (const Provider& provider : kProviders) {
    INFO(provider.name);
    check(provider, schemeOf(provider.scheme).value(),
          *verifierOf(provider.scheme, {provider.first, provider.second}));
  }
}

bool timed(const SignatureScheme& scheme) {
  return !scheme.timestamp_header.empty() || !scheme.pair_time.empty();
}

}  // namespace

TEST_CASE("a request verifies with each of two live secrets") {
  forEachProvider([](const Provider& provider, const SignatureScheme&, const Verifier& verifier) {
    CHECK(verifier.verify(signedBy(provider, provider.first).input(), kNow));
    CHECK(verifier.verify(signedBy(provider, provider.second).input(), kNow));
  });
}

TEST_CASE("a secret that is no longer live does not verify") {
  forEachProvider([](const Provider& provider, const SignatureScheme&, const Verifier&) {
    const auto only_second = verifierOf(provider.scheme, {provider.second});
    CHECK(codeOf(*only_second, signedBy(provider, provider.first)) == ErrorCode::Unauthenticated);
  });
}

TEST_CASE("a flipped bit anywhere in the body is refused") {
  forEachProvider([](const Provider& provider, const SignatureScheme&, const Verifier& verifier) {
    const SignedRequest good = signedBy(provider, provider.first);
    for (size_t i = 0; i < good.body.size() * 8; ++i) {
      SignedRequest bad = good;
      bad.body[i / 8] = static_cast<char>(bad.body[i / 8] ^ (1 << (i % 8)));
      CHECK(codeOf(verifier, bad) == ErrorCode::Unauthenticated);
    }
  });
}

TEST_CASE("a flipped bit anywhere in the signature header is refused") {
  forEachProvider(
      [](const Provider& provider, const SignatureScheme& scheme, const Verifier& verifier) {
        const SignedRequest good = signedBy(provider, provider.second);
        const std::string value = *findHeader(good.headers, scheme.header);
        for (size_t i = 0; i < value.size() * 8; ++i) {
          SignedRequest bad = good;
          char& c = headerOf(bad, scheme.header)[i / 8];
          const char before = c;
          c = static_cast<char>(c ^ (1 << (i % 8)));
          // Hex digits mean the same in either case; that changes no bit of the signature.
          const bool same_hex = scheme.encoding == Encoding::Hex && i / 8 >= scheme.prefix.size() &&
                                (c ^ before) == 0x20 && fromHex(std::string{'0', c});
          INFO("bit " << i);
          CHECK(verifier.verify(bad.input(), kNow).has_value() == same_hex);
        }
      });
}

TEST_CASE("a flipped bit in the time is refused") {
  forEachProvider(
      [](const Provider& provider, const SignatureScheme& scheme, const Verifier& verifier) {
        if (scheme.timestamp_header.empty()) return;
        const SignedRequest good = signedBy(provider, provider.first);
        const size_t bits = findHeader(good.headers, scheme.timestamp_header)->size() * 8;
        for (size_t i = 0; i < bits; ++i) {
          SignedRequest bad = good;
          char& c = headerOf(bad, scheme.timestamp_header)[i / 8];
          c = static_cast<char>(c ^ (1 << (i % 8)));
          CHECK(codeOf(verifier, bad) == ErrorCode::Unauthenticated);
        }
      });
}

TEST_CASE("a stale time is refused, a future one unless the vendor takes it") {
  forEachProvider([](const Provider& provider, const SignatureScheme& scheme,
                     const Verifier& verifier) {
    if (!timed(scheme)) return;
    const int64_t window = scheme.tolerance_s * 1000;
    const SignedRequest request = signedBy(provider, provider.first);
    CHECK(verifier.verify(request.input(), kNow + window));
    CHECK(codeOf(verifier, request, kNow + window + 1000) == ErrorCode::Unauthenticated);
    CHECK(verifier.verify(request.input(), kNow - window));
    CHECK(verifier.verify(request.input(), kNow - window - 1000).has_value() == scheme.future_ok);
  });
}

TEST_CASE("a missing, doubled or empty signature header is refused") {
  forEachProvider(
      [](const Provider& provider, const SignatureScheme& scheme, const Verifier& verifier) {
        SignedRequest missing = signedBy(provider, provider.first);
        eraseHeader(missing, scheme.header);
        CHECK(codeOf(verifier, missing) == ErrorCode::Unauthenticated);

        SignedRequest doubled = signedBy(provider, provider.first);
        doubled.headers.emplace_back(lowerAscii(scheme.header), headerOf(doubled, scheme.header));
        CHECK(codeOf(verifier, doubled) == ErrorCode::Unauthenticated);

        SignedRequest empty = signedBy(provider, provider.first);
        headerOf(empty, scheme.header).clear();
        CHECK(codeOf(verifier, empty) == ErrorCode::Unauthenticated);
      });
}

TEST_CASE("a missing or doubled header that is signed is refused") {
  forEachProvider(
      [](const Provider& provider, const SignatureScheme& scheme, const Verifier& verifier) {
        std::vector<std::string> names;
        if (!scheme.timestamp_header.empty()) names.push_back(scheme.timestamp_header);
        if (scheme.signed_template.find("{header:webhook-id}") != std::string::npos) {
          names.push_back("webhook-id");
        }
        for (const std::string& name : names) {
          SignedRequest missing = signedBy(provider, provider.first);
          eraseHeader(missing, name);
          CHECK(codeOf(verifier, missing) == ErrorCode::Unauthenticated);
          SignedRequest doubled = signedBy(provider, provider.first);
          doubled.headers.emplace_back(name, headerOf(doubled, name));
          CHECK(codeOf(verifier, doubled) == ErrorCode::Unauthenticated);
        }
      });
}

TEST_CASE("a body that was parsed and written again is refused") {
  forEachProvider([](const Provider& provider, const SignatureScheme&, const Verifier& verifier) {
    SignedRequest request = signedBy(provider, provider.first);
    request.body = dumpJson(parseJson(request.body).value());
    CHECK(codeOf(verifier, request) == ErrorCode::Unauthenticated);
  });
}

TEST_CASE("a byte order mark, a line end or a cut body is refused") {
  forEachProvider([](const Provider& provider, const SignatureScheme&, const Verifier& verifier) {
    const SignedRequest good = signedBy(provider, provider.first);
    for (const std::string& body :
         {"\xef\xbb\xbf" + good.body, good.body + "\r\n", good.body + std::string(1, '\0'),
          good.body.substr(1), std::string()}) {
      SignedRequest bad = good;
      bad.body = body;
      CHECK(codeOf(verifier, bad) == ErrorCode::Unauthenticated);
    }
  });
}

TEST_CASE("a signature by another algorithm is refused") {
  forEachProvider([](const Provider& provider, const SignatureScheme& scheme,
                     const Verifier& verifier) {
    SignatureScheme other = scheme;
    other.algorithm =
        scheme.algorithm == Algorithm::HmacSha1 ? Algorithm::HmacSha256 : Algorithm::HmacSha1;
    SignedRequest request;
    const auto made = makeVerifier(other, {provider.first}).value()->sign(request.input(), kNow);
    for (const Header& header : made.value()) request.headers.push_back(header);
    CHECK(codeOf(verifier, request) == ErrorCode::Unauthenticated);
  });
}

TEST_CASE("a very long signature header is refused") {
  forEachProvider(
      [](const Provider& provider, const SignatureScheme& scheme, const Verifier& verifier) {
        SignedRequest request = signedBy(provider, provider.first);
        const std::string value = headerOf(request, scheme.header);
        headerOf(request, scheme.header) = value + std::string(5000, 'a');
        CHECK(codeOf(verifier, request) == ErrorCode::Unauthenticated);
        headerOf(request, scheme.header) = value + std::string(5000, ' ') + "x";
        CHECK(codeOf(verifier, request) == ErrorCode::Unauthenticated);
      });
}

TEST_CASE("a signature that is cut, padded or in another encoding is refused") {
  forEachProvider(
      [](const Provider& provider, const SignatureScheme& scheme, const Verifier& verifier) {
        const SignedRequest good = signedBy(provider, provider.first);
        const std::string value = *findHeader(good.headers, scheme.header);
        for (const std::string& spoiled :
             {value.substr(0, value.size() - 2), value + "00", value + "=", "\"" + value + "\"",
              '%' + value, "zz" + value, value + "\n", std::string(value).append(1, '\0')}) {
          SignedRequest bad = good;
          headerOf(bad, scheme.header) = spoiled;
          INFO(spoiled);
          CHECK(codeOf(verifier, bad) == ErrorCode::Unauthenticated);
        }
      });
}

TEST_CASE("an error names header and rule, and neither secret nor digest") {
  forEachProvider(
      [](const Provider& provider, const SignatureScheme& scheme, const Verifier& verifier) {
        SignedRequest request = signedBy(provider, provider.first);
        const std::string right = headerOf(request, scheme.header);
        request.body += "x";
        const std::string message = verifier.verify(request.input(), kNow).error().message;
        CHECK(message.find(scheme.header) != std::string::npos);
        CHECK(message.find(provider.first) == std::string::npos);
        CHECK(message.find(right) == std::string::npos);
      });
}

}  // namespace junctor::crypto
