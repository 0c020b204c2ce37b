// junctor.crypto/1 over crypto's verifiers: the connector hands in bytes, the host knows the keys.
#include <optional>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/signature.h"
#include "plugin/call_context.h"
#include "plugin/host_crypto.h"
#include "plugin/host_services.h"

namespace junctor::plugin {
namespace {

constexpr std::string_view kHeader = "signature";

std::optional<crypto::Algorithm> macAlgorithm(uint32_t alg) {
  switch (alg) {
    case JN_ALG_HMAC_SHA1:
      return crypto::Algorithm::HmacSha1;
    case JN_ALG_HMAC_SHA256:
      return crypto::Algorithm::HmacSha256;
    case JN_ALG_HMAC_SHA512:
      return crypto::Algorithm::HmacSha512;
    default:
      return std::nullopt;
  }
}

std::optional<std::string> join(const jn_str* parts, size_t n) {
  std::string joined;
  for (size_t i = 0; parts && i < n; ++i) {
    if (parts[i].len > limits::kConnectorArenaBytesMax - joined.size()) return std::nullopt;
    joined += textOf(parts[i]);
  }
  return joined;
}

// Runs one signature through a verifier of the plainest scheme: hex in one header, over the body.
bool verify(const crypto::Verifier& verifier, const std::string& message,
            std::string_view signature) {
  const Headers headers = {{std::string(kHeader), toHex(signature)}};
  const crypto::SignatureInput input{"POST", "", "", "", message, headers};
  return verifier.verify(input, 0).has_value();
}

Error unknownAlgorithm() {
  return makeError(ErrorCode::Unimplemented, "there is no such algorithm");
}

jn_status verifyMac(const jn_call* call, uint32_t alg, const jn_str* parts, size_t n,
                    const jn_str* tag) {
  if (!call || !tag) return JN_E_INTERNAL;
  const auto message = join(parts, n);
  if (!message) return JN_E_TOO_LARGE;
  CallContext& context = CallContext::of(call);
  const CallTarget& target = context.target();
  static const std::vector<std::string> kNone;
  const auto matches =
      target.ports.crypto
          ? target.ports.crypto->macMatches(context.portCall(), alg, *message, textOf(*tag))
          : macMatches(alg, *message, textOf(*tag), target.secrets ? *target.secrets : kNone);
  if (!matches) return statusOf(matches.error());
  return *matches ? JN_OK : JN_E_SIGNATURE;
}

jn_status verifySig(const jn_call* call, uint32_t alg, const jn_str* key, const jn_str* parts,
                    size_t n, const jn_str* sig) {
  if (!call || !key || !sig) return JN_E_INTERNAL;
  if (alg != JN_ALG_ED25519) return JN_E_UNSUPPORTED;
  const auto message = join(parts, n);
  if (!message) return JN_E_TOO_LARGE;
  crypto::SignatureScheme scheme;
  scheme.algorithm = crypto::Algorithm::Ed25519;
  scheme.key = crypto::KeyForm::HexPublicKey;
  scheme.header = kHeader;
  const auto verifier = crypto::makeVerifier(scheme, {toHex(textOf(*key))});
  if (!verifier) return JN_E_INVALID;
  return verify(**verifier, *message, textOf(*sig)) ? JN_OK : JN_E_SIGNATURE;
}

}  // namespace

Result<bool> macMatches(uint32_t alg, const std::string& message, std::string_view tag,
                        const std::vector<std::string>& secrets) {
  const auto algorithm = macAlgorithm(alg);
  if (!algorithm) return unknownAlgorithm();
  if (secrets.empty()) return false;
  crypto::SignatureScheme scheme;
  scheme.algorithm = *algorithm;
  scheme.header = kHeader;
  const auto verifier = crypto::makeVerifier(scheme, secrets);
  return verifier && verify(**verifier, message, tag);
}

const jn_crypto& cryptoService() {
  static constexpr jn_crypto kTable = {sizeof(jn_crypto), 0, verifyMac, verifySig};
  return kTable;
}

}  // namespace junctor::plugin
