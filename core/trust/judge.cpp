#include "trust/judge.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/json_value.h"
#include "base/strict_object.h"
#include "trust/sealed.h"

namespace junctor::trust {
namespace {

struct BundleSignature {
  Json certificate;
  std::string signature;  // raw
};

Result<BundleSignature> readSignature(const std::string& text) {
  JUNCTOR_TRY(Json json, parseJson(text));
  JUNCTOR_TRY(const auto in, StrictObject::open(json, "BUNDLE.sig", {"certificate", "signature"}));
  JUNCTOR_TRY(const std::string signature, in.requiredText("signature"));
  if (!in.has("certificate")) return in.error("certificate", "is required");
  BundleSignature out;
  JUNCTOR_TRY(out.signature, base64Bytes(signature, 64, "BUNDLE.sig: signature"));
  out.certificate = in.at("certificate");
  return out;
}

// What the operator wrote down counts, not what a self-signed certificate brings along.
Result<Certificate> believed(const Json& sealed, const TrustPolicy& policy) {
  auto offered = openCertificate(sealed, policy.roots);
  if (offered && offered->level != Level::Private) return offered;
  JUNCTOR_TRY(const Certificate claimed, peekCertificate(sealed));
  for (Certificate known : policy.publishers) {
    known.level = Level::Private;
    if (known.public_key == claimed.public_key) return known;
  }
  if (!offered) return offered;
  return denied(fmt::format(
      "is signed by {} ({}), whom this installation does not trust; if you do: junctor connector "
      "trust add",
      claimed.publisher, claimed.keyId()));
}

Result<void> checkRevoked(const Bundle& bundle, const std::string& key_id,
                          const Revocations& revoked) {
  if (const auto reason = revoked.reasonAgainst(bundle.digest)) {
    return denied("was revoked: " + *reason);
  }
  if (const auto reason = revoked.reasonAgainst(key_id)) {
    return denied(fmt::format("its key {} was revoked: {}", key_id, *reason));
  }
  return {};
}

// The certificate that came with a signature which fits the content.
Result<Certificate> offeredWith(const BundleSignature& signature, const Bundle& bundle) {
  JUNCTOR_TRY(Certificate offered, peekCertificate(signature.certificate));
  if (!verifyFor(kBundleDomain, bundle.list, signature.signature, offered.public_key)) {
    return denied("its signature does not fit its content");
  }
  return offered;
}

Result<Verdict> judgeSigned(const Bundle& bundle, const TrustPolicy& policy, Occasion occasion,
                            int64_t now_unix_ms) {
  JUNCTOR_TRY(const BundleSignature signature, readSignature(bundle.signature));
  JUNCTOR_TRY(const Certificate offered, offeredWith(signature, bundle));
  JUNCTOR_CHECK(checkRevoked(bundle, offered.keyId(), policy.revoked));
  JUNCTOR_TRY(const Certificate certificate, believed(signature.certificate, policy));
  if (!certificate.mayName(bundle.id)) {
    return denied(fmt::format("its id {} is not one that {} may sign for ({})", bundle.id,
                              certificate.publisher, certificate.prefix));
  }
  if (occasion == Occasion::Install && certificate.expired(now_unix_ms)) {
    return denied(fmt::format("the key of {} ({}) expired after {}", certificate.publisher,
                              certificate.keyId(), certificate.expires));
  }
  return Verdict{certificate.level, certificate.publisher, certificate.keyId(),
                 certificate.expires};
}

}  // namespace

Error denied(std::string message) {
  return makeError(ErrorCode::PermissionDenied, std::move(message));
}

Result<std::string> signerOf(const Bundle& bundle) {
  if (bundle.signature.empty()) return std::string();
  JUNCTOR_TRY(const BundleSignature signature, readSignature(bundle.signature));
  JUNCTOR_TRY(const Certificate offered, offeredWith(signature, bundle));
  return offered.keyId();
}

Result<Verdict> judge(const Bundle& bundle, const TrustPolicy& policy, Occasion occasion,
                      int64_t now_unix_ms) {
  if (!bundle.signature.empty()) return judgeSigned(bundle, policy, occasion, now_unix_ms);
  JUNCTOR_CHECK(checkRevoked(bundle, "", policy.revoked));
  if (policy.allow_unsigned) return Verdict{};
  return denied("is not signed; unsigned connectors run only in a server started with --dev");
}

Result<void> signBundle(Bundle& bundle, const crypto::SigningKey& key, const Json& certificate) {
  JUNCTOR_TRY(const Certificate content, peekCertificate(certificate));
  if (content.public_key != key.publicKey()) {
    return invalidArgument(fmt::format("the certificate is of {}, the key is {}", content.keyId(),
                                       keyId(key.publicKey())));
  }
  if (!content.mayName(bundle.id)) {
    return invalidArgument(fmt::format("{} may sign for {}, not for {}", content.publisher,
                                       content.prefix, bundle.id));
  }
  const Json signature = {{"certificate", certificate},
                          {"signature", toBase64(signFor(kBundleDomain, bundle.list, key))}};
  bundle.signature = dumpJson(signature, 1) + "\n";
  return {};
}

}  // namespace junctor::trust
