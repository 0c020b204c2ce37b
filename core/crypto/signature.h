#pragma once
// Declarative webhook signatures: a scheme is data (from a connector's manifest or a generic
// integration's settings); a Verifier is a scheme compiled with one integration's live secrets.
// Verification runs on the raw bytes, in constant time, over all live secrets, inside the window.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/event.h"

namespace junctor::crypto {

enum class Algorithm { None, HmacSha1, HmacSha256, HmacSha512, Ed25519, PlainToken };
enum class Encoding { Hex, Base64 };
// How the configured secret becomes key bytes (providers.md: five kinds are needed).
enum class KeyForm { Utf8, Base64AfterPrefix, Base64, HexPublicKey };

// JSON form, in manifests and in `settings.signature` of the generic connector (unknown keys are
// errors):
//   {"algorithm":"hmac-sha256", "header":"X-Hub-Signature-256", "prefix":"sha256=",
//    "encoding":"hex", "key":"utf8", "signed":"{body}",
//    "separator":" ", "pairs":{"time":"t","signature":"v1"}, "version":"v1,",
//    "timestamp":{"header":"X-Slack-Request-Timestamp","unit":"s","tolerance_s":300,
//                 "future_ok":false}}
// algorithm: none hmac-sha1 hmac-sha256 hmac-sha512 ed25519 plain-token; encoding: hex base64;
// key: utf8 base64-after-prefix base64 hex-public-key; `version` is another word for `prefix`.
// Refused too: a signature that leaves out the body, a time that is not signed.
// `signed` may use {body} {form_sorted} {method} {url} {path} {query} {timestamp} {header:NAME}.
// {form_sorted} is a form's decoded fields, sorted by name, as name and value without separators
// (Twilio); a body that is no form must then be named by its hash in the query (bodySHA256=hex).
// `unit` is s, ms or iso8601, which is signed as it is written. With algorithm plain-token the
// token may stand in the URL instead of a header: {"algorithm":"plain-token","query":"token"}, or
// in the body: {"algorithm":"plain-token","json":"/value/*/clientState"}, where `*` is every
// element of a list and each must carry it. A time may stand in the signed body:
// {"timestamp":{"json":"/webhookTimestamp","unit":"ms"}}. Several signatures in one header:
// `separator` splits them, any match wins, parts that do not carry `version`/`prefix` are skipped.
// With `pairs` the header is a list of k=v (Stripe).
struct SignatureScheme {
  Algorithm algorithm = Algorithm::HmacSha256;
  std::string header;  // "" only with `query` or `json`
  std::string query;   // parameter of the URL that holds a plain token
  std::string json;    // where the body holds it
  std::string prefix;
  Encoding encoding = Encoding::Hex;
  KeyForm key = KeyForm::Utf8;
  std::string signed_template = "{body}";
  std::string separator;
  std::string pair_time, pair_signature;  // "" = header is no pair list
  std::string timestamp_header;           // "" = none, or from the pairs, or from the body
  std::string timestamp_json;             // pointer into the body, "" = none
  int64_t timestamp_unit_ms = 1000;       // 1000 = seconds, 1 = milliseconds, 0 = ISO 8601
  int64_t tolerance_s = 0;                // 0 = no time window
  bool future_ok = false;                 // only "too old" fails (Stripe)

  static Result<SignatureScheme> fromJson(const Json& json);
  bool timed() const {
    return !timestamp_header.empty() || !pair_time.empty() || !timestamp_json.empty();
  }
  // The member of the body that is a secret and must not be stored; "" = none.
  std::string secretMember() const { return json.substr(json.rfind('/') + 1); }
};

// The body of a sample as its sender would make it: the token, or the time, is put where the scheme
// looks for it in the body. Nothing else changes, byte by byte.
std::string bodyToSign(const SignatureScheme& scheme, std::string body, const std::string& secret,
                       int64_t now_unix_ms);
// `body` with "***" for every text or number that is a member `name`, at any depth.
std::string withoutMember(std::string body, const std::string& name);

struct SignatureInput {
  std::string_view method, url, path, query, body;
  const Headers& headers;
};

class Verifier {
 public:
  virtual ~Verifier() = default;
  // Unauthenticated with a cause that names header and rule, never secret or digest. A doubled
  // signature or timestamp header is refused. Thread-safe.
  // Returns which secret it was, counted from 0.
  virtual Result<size_t> verify(const SignatureInput& input, int64_t now_unix_ms) const = 0;
  // The headers a sender with the first secret would send (samples, tests). For Ed25519 that secret
  // must be the sender's: 64 bytes in hex, seed and public key.
  virtual Result<Headers> sign(const SignatureInput& input, int64_t now_unix_ms) const = 0;
  // The MAC of a text in hex under one of the secrets, for handshakes that ask for a proof. "" if
  // the scheme has none.
  virtual std::string proof(size_t secret, std::string_view text) const = 0;
};

// InvalidArgument if a secret does not have the scheme's key form, or there is none.
Result<std::unique_ptr<Verifier>> makeVerifier(const SignatureScheme& scheme,
                                               const std::vector<std::string>& secrets);

// Standard Webhooks 1.0.0 headers for what we send: webhook-id, webhook-timestamp,
// webhook-signature ("v1,…" per live secret, space separated).
class WebhookSigner {
 public:
  virtual ~WebhookSigner() = default;
  virtual Headers sign(std::string_view id, int64_t now_unix_s, std::string_view body) const = 0;
};
// Secrets: "whsec_" + base64 of 24..64 bytes.
Result<std::unique_ptr<WebhookSigner>> makeWebhookSigner(const std::vector<std::string>& secrets);

}  // namespace junctor::crypto
