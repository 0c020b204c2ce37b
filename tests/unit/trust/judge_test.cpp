#include "trust/judge.h"

#include "unit/trust/trust_house.h"

using namespace junctor;
using namespace junctor::testing;
using trust::Level;
using trust::Occasion;

namespace {

constexpr int64_t kNow = 1'795'219'200'000;  // 2026-11-21

struct Court {
  Signer root, acme;
  trust::TrustPolicy policy;
  Court() { policy.roots = {root.key.publicKey()}; }

  Result<trust::Verdict> judge(const std::string& bytes, Occasion occasion = Occasion::Install) {
    return trust::judge(must(trust::readBundle(bytes)), policy, occasion, kNow);
  }
  std::string refusal(const std::string& bytes, Occasion occasion = Occasion::Install) {
    const auto verdict = judge(bytes, occasion);
    REQUIRE_FALSE(verdict);
    CHECK(verdict.error().code == ErrorCode::PermissionDenied);
    return verdict.error().message;
  }
};

}  // namespace

TEST_CASE("who vouches for a bundle decides its level") {
  Court court;
  const auto level = [&](const Json& certificate) {
    return must(court.judge(signedBytes(bundle(), court.acme, certificate))).level;
  };
  CHECK(level(court.acme.by(court.root, "com.acme", Level::Verified)) == Level::Verified);
  CHECK(level(court.acme.by(court.root, "*", Level::Core)) == Level::Core);
  court.policy.publishers = {court.acme.certificate("com.acme", Level::Private)};
  CHECK(level(court.acme.own("com.acme")) == Level::Private);
}

TEST_CASE("an unsigned bundle is refused unless the server was started with --dev") {
  Court court;
  const std::string bytes = trust::writeBundle(bundle());
  CHECK(court.refusal(bytes) ==
        "is not signed; unsigned connectors run only in a server started with --dev");
  CHECK(court.refusal(bytes, Occasion::Load) == court.refusal(bytes));
  court.policy.allow_unsigned = true;
  CHECK(must(court.judge(bytes)).level == Level::Unsigned);
}

TEST_CASE("a publisher nobody here knows is refused, with or without --dev") {
  Court court;
  const std::string own = signedBytes(bundle(), court.acme, court.acme.own("com.acme"));
  CHECK_THAT(court.refusal(own), Catch::Contains("whom this installation does not trust"));
  const Signer stranger;
  const Json by_stranger = court.acme.by(stranger, "com.acme", Level::Core);
  CHECK_THAT(court.refusal(signedBytes(bundle(), court.acme, by_stranger)),
             Catch::Contains("not signed by a root"));
  court.policy.allow_unsigned = true;
  CHECK_THAT(court.refusal(own), Catch::Contains("does not trust"));
}

TEST_CASE("a changed list breaks the signature") {
  Court court;
  trust::Bundle content = bundle();
  const Json certificate = court.acme.by(court.root, "com.acme", Level::Verified);
  must(trust::signBundle(content, court.acme.key, certificate));
  trust::Bundle other = bundle("com.acme.shop", "1.0.1");
  other.signature = content.signature;  // a signature moved to another bundle
  CHECK(court.refusal(trust::writeBundle(other)) == "its signature does not fit its content");
}

TEST_CASE("a certificate of somebody else's key does not help") {
  Court court;
  const Signer thief;
  trust::Bundle content = bundle();
  const Json certificate = court.acme.by(court.root, "com.acme", Level::Verified);
  CHECK_THAT(messageOf(trust::signBundle(content, thief.key, certificate)),
             Catch::Contains("the certificate is of"));
  must(trust::signBundle(content, thief.key, thief.own("com.acme")));
  Json signature = must(parseJson(content.signature));
  signature["certificate"] = certificate;
  content.signature = dumpJson(signature);
  CHECK(court.refusal(trust::writeBundle(content)) == "its signature does not fit its content");
}

TEST_CASE("an id outside the publisher's prefix is refused") {
  Court court;
  const Json certificate = court.acme.by(court.root, "com.acme", Level::Verified);
  trust::Bundle content = bundle("com.other.shop");
  CHECK_THAT(messageOf(trust::signBundle(content, court.acme.key, certificate)),
             Catch::Contains("may sign for com.acme"));
  // Signed all the same, by a program that does not check.
  must(trust::signBundle(content, court.acme.key,
                         court.acme.by(court.root, "com.other", Level::Verified)));
  Json signature = must(parseJson(content.signature));
  signature["certificate"] = certificate;
  content.signature = dumpJson(signature);
  CHECK(court.refusal(trust::writeBundle(content)) ==
        "its id com.other.shop is not one that Acme Inc may sign for (com.acme)");
}

TEST_CASE("the operator's own word on a key counts, not the bundle's") {
  Court court;
  court.policy.publishers = {court.acme.certificate("com.acme.shop", Level::Core)};
  const std::string wide =
      signedBytes(bundle("com.acme.pay"), court.acme, court.acme.own("com.acme"));
  CHECK_THAT(court.refusal(wide), Catch::Contains("may sign for (com.acme.shop)"));
  const auto verdict =
      must(court.judge(signedBytes(bundle(), court.acme, court.acme.own("com.acme"))));
  CHECK(verdict.level == Level::Private);
}

TEST_CASE("an expired key brings nothing in; what came before stays good") {
  Court court;
  const Json certificate = court.acme.by(court.root, "com.acme", Level::Verified, "2026-11-20");
  const std::string bytes = signedBytes(bundle(), court.acme, certificate);
  CHECK_THAT(court.refusal(bytes), Catch::EndsWith("expired after 2026-11-20"));
  CHECK(court.judge(bytes, Occasion::Load));
}

TEST_CASE("a revoked bundle or key is refused at install and at load") {
  const bool by_key = GENERATE(false, true);
  Court court;
  const Json certificate = court.acme.by(court.root, "com.acme", Level::Verified);
  const std::string bytes = signedBytes(bundle(), court.acme, certificate);
  const std::string what = by_key ? court.acme.id() : bundle().digest;
  must(court.policy.revoked.add(what, "leaks tokens"));
  for (const Occasion occasion : {Occasion::Install, Occasion::Load}) {
    CHECK_THAT(court.refusal(bytes, occasion), Catch::EndsWith("was revoked: leaks tokens"));
  }
}

TEST_CASE("an unsigned bundle that was revoked is refused in a --dev server too") {
  Court court;
  court.policy.allow_unsigned = true;
  must(court.policy.revoked.add(bundle().digest, ""));
  CHECK(court.refusal(trust::writeBundle(bundle())) == "was revoked: no reason given");
}

TEST_CASE("a signature that is none is refused") {
  Court court;
  trust::Bundle content = bundle();
  for (const char* text :
       {"x", "{}", R"({"signature": "AAAA", "certificate": {}})", R"({"signature": 1})", "[]"}) {
    content.signature = text;
    INFO(text);
    CHECK_FALSE(court.judge(trust::writeBundle(content)));
  }
}
