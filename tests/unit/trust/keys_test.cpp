#include "trust/keys.h"

#include "base/bytes.h"
#include "unit/trust/trust_house.h"

using namespace junctor;
using namespace junctor::testing;
using trust::Certificate;
using trust::KeyKind;
using trust::Level;
using trust::openCertificate;
using trust::openRevocations;

TEST_CASE("a signing key is RFC 8032's: test 1 of its section 7.1") {
  const auto seed = fromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const auto key = must(crypto::SigningKey::fromSeed(*seed));
  CHECK(toHex(key.publicKey()) ==
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const std::string signature = key.sign("");
  CHECK(toHex(signature) ==
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
        "f9b4"
        "6bd25bf5f0595bbe24655141438e7a100b");
  CHECK(crypto::verifyEd25519(key.publicKey(), "", signature));
  CHECK_FALSE(crypto::verifyEd25519(key.publicKey(), "x", signature));
  CHECK_FALSE(crypto::verifyEd25519("short", "", signature));
  CHECK_FALSE(crypto::SigningKey::fromSeed("short"));
}

TEST_CASE("a prefix covers its id and what is below it, not what begins alike") {
  const Signer acme;
  const Certificate some = acme.certificate("com.acme", Level::Verified);
  CHECK(some.mayName("com.acme"));
  CHECK(some.mayName("com.acme.shop"));
  CHECK_FALSE(some.mayName("com.acmeevil"));
  CHECK_FALSE(some.mayName("com.acme-evil"));
  CHECK_FALSE(some.mayName("com"));
  CHECK(acme.certificate("*", Level::Core).mayName("github"));
}

TEST_CASE("certificates that make no sense are refused") {
  const Signer acme, root;
  const auto refusal = [&](Certificate certificate) {
    return messageOf(sealCertificate(certificate, root.key));
  };
  for (const char* prefix : {"*", "", ".", "com.acme.", "Com", "com.*", "a b"}) {
    INFO(prefix);
    CHECK_THAT(refusal(acme.certificate(prefix, Level::Verified)), Catch::StartsWith("prefix: "));
  }
  for (const char* day : {"", "2028-1-1", "2028-02-30", "2028-13-01", "never", "2028/01/01",
                          "2028-01-01T00:00:00Z", "1999-01-01"}) {
    INFO(day);
    CHECK_THAT(refusal(acme.certificate("com.acme", Level::Verified, day)),
               Catch::StartsWith("expires: "));
  }
  Certificate nameless = acme.certificate("com.acme", Level::Verified);
  nameless.publisher = "Acme\n\033[2J";
  CHECK_THAT(refusal(nameless), Catch::StartsWith("publisher: "));
  CHECK_THAT(messageOf(sealCertificate(acme.certificate("com.acme", Level::Core), acme.key)),
             Catch::Contains("cannot vouch for itself"));
  CHECK_THAT(refusal(acme.certificate("com.acme", Level::Private)), Catch::StartsWith("level: "));
}

TEST_CASE("a certificate is good under the root that signed it, and no other") {
  const Signer acme, root, other;
  const Json sealed = acme.by(root, "com.acme", Level::Verified);
  CHECK(must(openCertificate(sealed, {root.key.publicKey()})).publisher == "Acme Inc");
  CHECK(openCertificate(sealed, {other.key.publicKey(), root.key.publicKey()}));
  CHECK_THAT(messageOf(openCertificate(sealed, {other.key.publicKey()})),
             Catch::Contains("not signed by a root that this installation trusts"));
  CHECK_THAT(messageOf(openCertificate(sealed, {})), Catch::Contains("none is configured"));
}

TEST_CASE("a certificate that was edited is refused") {
  const Signer acme, root;
  Json sealed = acme.by(root, "com.acme", Level::Verified);
  std::string text = *fromBase64(sealed["text"].get<std::string>());
  text.replace(text.find("verified"), 8, "core");
  sealed["text"] = toBase64(text);
  CHECK_FALSE(openCertificate(sealed, {root.key.publicKey()}));

  sealed = acme.own("com.acme");
  text = *fromBase64(sealed["text"].get<std::string>());
  text.replace(text.find("com.acme"), 8, "com.evil");
  sealed["text"] = toBase64(text);
  CHECK(messageOf(openCertificate(sealed, {})) == "the certificate's signature is wrong");
}

TEST_CASE("a signature for one purpose does not serve another") {
  const Signer acme, root;
  trust::SignedRevocations list;
  list.serial = 1;
  CHECK_FALSE(openCertificate(sealRevocations(list, root.key), {root.key.publicKey()}));
  CHECK_FALSE(openRevocations(acme.by(root, "com.acme", Level::Verified), {root.key.publicKey()}));
}

TEST_CASE("a key's last day is still good, the next is not") {
  const Signer acme;
  const Certificate some = acme.certificate("com.acme", Level::Private, "2026-11-21");
  CHECK_FALSE(some.expired(1'795'305'599'999));  // 2026-11-21T23:59:59.999Z
  CHECK(some.expired(1'795'305'600'000));
}

TEST_CASE("private keys are read back, and never quoted in an error") {
  const Signer acme;
  const std::string text = writePrivateKey(KeyKind::Publisher, acme.key);
  CHECK(must(readPrivateKey(KeyKind::Publisher, text)).publicKey() == acme.key.publicKey());
  CHECK_THAT(messageOf(readPrivateKey(KeyKind::Root, text)), Catch::Contains("not a root key"));
  const std::string secret = toBase64(acme.key.seed());
  std::string swapped = text;
  const std::string other = toBase64(crypto::SigningKey::generate().seed());
  swapped.replace(swapped.find(secret), secret.size(), other);
  for (const std::string& wrong : {swapped, text.substr(0, text.size() / 2), std::string("{}")}) {
    const std::string message = messageOf(readPrivateKey(KeyKind::Publisher, wrong));
    CHECK_FALSE(message.empty());
    CHECK(message.find(secret.substr(0, 8)) == std::string::npos);
    CHECK(message.find(other.substr(0, 8)) == std::string::npos);
  }
}
