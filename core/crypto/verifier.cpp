#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <variant>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json_doc.h"
#include "base/limits.h"
#include "base/time_text.h"
#include "crypto/body_places.h"
#include "crypto/ed25519.h"
#include "crypto/hash.h"
#include "crypto/mac.h"
#include "crypto/signature.h"
#include "crypto/signature_header.h"
#include "crypto/signature_key.h"
#include "crypto/signed_template.h"
#include "crypto/signing_key.h"

namespace junctor::crypto {
namespace {

Error unauthenticated(std::string message) {
  return makeError(ErrorCode::Unauthenticated, std::move(message));
}

std::optional<std::string> decode(Encoding encoding, std::string_view text) {
  if (encoding == Encoding::Hex) return fromHex(text);
  if (text.size() % 4 != 0) return std::nullopt;  // all senders pad; fromBase64 would forgive
  return fromBase64(text);
}

MacHash macHash(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::HmacSha1:
      return MacHash::Sha1;
    case Algorithm::HmacSha512:
      return MacHash::Sha512;
    default:
      return MacHash::Sha256;
  }
}

// A shared secret that the sender repeats. Compared by hash, so that its length stays hidden too.
struct Token {
  std::string text;
  std::string hash;
};
// `own`: the sender's part, which only who makes samples has.
struct KeyPair {
  Ed25519Key key;
  std::optional<SigningKey> own;
};
using Key = std::variant<Mac, KeyPair, Token>;

constexpr size_t kEd25519Bytes = 32;

Result<Key> makeKeyPair(std::string_view bytes) {
  if (bytes.size() != 2 * kEd25519Bytes) {
    JUNCTOR_TRY(Ed25519Key key, Ed25519Key::open(bytes));
    return Key(KeyPair{std::move(key), std::nullopt});
  }
  JUNCTOR_TRY(SigningKey own, SigningKey::fromSeed(bytes.substr(0, kEd25519Bytes)));
  if (own.publicKey() != bytes.substr(kEd25519Bytes)) {
    return invalidArgument("the secret's two halves do not belong together");
  }
  JUNCTOR_TRY(Ed25519Key key, Ed25519Key::open(own.publicKey()));
  return Key(std::in_place_type<KeyPair>, KeyPair{std::move(key), std::optional(std::move(own))});
}

Result<Key> makeKey(const SignatureScheme& scheme, std::string_view secret) {
  JUNCTOR_TRY(std::string bytes, decodeSecret(scheme.key, secret));
  switch (scheme.algorithm) {
    case Algorithm::Ed25519:
      return makeKeyPair(bytes);
    case Algorithm::PlainToken: {
      std::string hash = sha256(bytes);
      return Key(Token{std::move(bytes), std::move(hash)});
    }
    default:
      return Key(Mac(macHash(scheme.algorithm), bytes));
  }
}

class SchemeVerifier final : public Verifier {
 public:
  SchemeVerifier(SignatureScheme scheme, SignedTemplate covered, std::vector<Key> keys)
      : scheme_(std::move(scheme)), covered_(std::move(covered)), keys_(std::move(keys)) {}

  Result<size_t> verify(const SignatureInput& input, int64_t now_unix_ms) const override;
  Result<Headers> sign(const SignatureInput& input, int64_t now_unix_ms) const override;
  std::string proof(size_t secret, std::string_view text) const override;

 private:
  Result<std::string_view> timestampOf(const SignatureInput& input,
                                       const OfferedSignatures& offered) const;
  Result<void> checkWindow(std::string_view timestamp, int64_t now_unix_ms) const;
  Result<void> checkAge(int64_t age_ms) const;
  Result<void> checkBodyTime(std::string_view body, int64_t now_unix_ms) const;
  std::optional<size_t> tokenNamed(std::string_view given) const;
  Result<size_t> verifyQueryToken(const SignatureInput& input) const;
  Result<size_t> verifyBodyTokens(std::string_view body) const;
  std::optional<size_t> match(const OfferedSignatures& offered, const SignedParts& parts) const;
  bool macMatches(const Mac& mac, const OfferedSignatures& offered, const SignedParts& parts) const;
  bool ed25519Matches(const Ed25519Key& key, const OfferedSignatures& offered,
                      const SignedParts& parts) const;
  static bool tokenMatches(const Token& token, const OfferedSignatures& offered);
  // Does the time stand in the headers?
  bool timed() const { return !scheme_.timestamp_header.empty() || !scheme_.pair_time.empty(); }
  std::string timeText(int64_t unix_ms) const {
    if (scheme_.timestamp_unit_ms == 0) return formatRfc3339(unix_ms);
    return std::to_string(unix_ms / scheme_.timestamp_unit_ms);
  }
  std::string encode(std::string_view bytes) const {
    return scheme_.encoding == Encoding::Hex ? toHex(bytes) : toBase64(bytes);
  }

  // Constant after construction.
  const SignatureScheme scheme_;
  const SignedTemplate covered_;
  const std::vector<Key> keys_;
};

Result<std::string_view> SchemeVerifier::timestampOf(const SignatureInput& input,
                                                     const OfferedSignatures& offered) const {
  if (!scheme_.timestamp_header.empty()) {
    return singleHeader(input.headers, scheme_.timestamp_header);
  }
  if (!scheme_.pair_time.empty() && offered.time.empty()) {
    return unauthenticated(fmt::format("header {} names no time", scheme_.header));
  }
  return offered.time;
}

Result<void> SchemeVerifier::checkWindow(std::string_view timestamp, int64_t now_unix_ms) const {
  if (scheme_.timestamp_unit_ms == 0) {
    const auto at_ms = parseTimeText(timestamp);
    if (!at_ms) return unauthenticated("the timestamp is no ISO 8601 time");
    return checkAge(now_unix_ms - *at_ms);
  }
  constexpr size_t kDigitsMax = 15;  // milliseconds until the year 33658; no overflow below
  int64_t units = 0;
  const char* end = timestamp.data() + timestamp.size();
  const bool digits = !timestamp.empty() && timestamp.size() <= kDigitsMax &&
                      timestamp.front() >= '0' && timestamp.front() <= '9' &&
                      std::from_chars(timestamp.data(), end, units).ptr == end;
  if (!digits) return unauthenticated("the timestamp is not a whole number");
  return checkAge(now_unix_ms - units * scheme_.timestamp_unit_ms);
}

Result<void> SchemeVerifier::checkAge(int64_t age_ms) const {
  if (scheme_.tolerance_s == 0) return {};
  const int64_t tolerance_ms = scheme_.tolerance_s * 1000;
  if (age_ms > tolerance_ms) return unauthenticated("the timestamp is too old");
  if (age_ms < -tolerance_ms && !scheme_.future_ok) {
    return unauthenticated("the timestamp lies in the future");
  }
  return {};
}

bool SchemeVerifier::macMatches(const Mac& mac, const OfferedSignatures& offered,
                                const SignedParts& parts) const {
  const Digest digest = mac.compute(parts.span());
  bool match = false;
  for (const std::string_view item : offered.span()) {
    const auto bytes = decode(scheme_.encoding, item);
    match |= bytes && equalConstantTime(*bytes, digest.view());
  }
  return match;
}

bool SchemeVerifier::ed25519Matches(const Ed25519Key& key, const OfferedSignatures& offered,
                                    const SignedParts& parts) const {
  const std::string message = parts.joined();  // Ed25519 hashes the message twice
  return std::any_of(offered.span().begin(), offered.span().end(), [&](std::string_view item) {
    const auto bytes = decode(scheme_.encoding, item);
    return bytes && key.verify(message, *bytes);
  });
}

bool SchemeVerifier::tokenMatches(const Token& token, const OfferedSignatures& offered) {
  bool match = false;
  for (const std::string_view item : offered.span()) {
    match |= equalConstantTime(sha256(item), token.hash);
  }
  return match;
}

// All live secrets are tried, whichever matches: the time taken does not tell which one did.
std::optional<size_t> SchemeVerifier::match(const OfferedSignatures& offered,
                                            const SignedParts& parts) const {
  std::optional<size_t> found;
  for (size_t i = keys_.size(); i-- > 0;) {
    bool matches = false;
    if (const auto* mac = std::get_if<Mac>(&keys_[i])) {
      matches = macMatches(*mac, offered, parts);
    } else if (const auto* token = std::get_if<Token>(&keys_[i])) {
      matches = tokenMatches(*token, offered);
    } else {
      matches = ed25519Matches(std::get<KeyPair>(keys_[i]).key, offered, parts);
    }
    if (matches) found = i;
  }
  return found;
}

std::optional<size_t> SchemeVerifier::tokenNamed(std::string_view given) const {
  const std::string hash = sha256(given);
  std::optional<size_t> found;
  for (size_t i = keys_.size(); i-- > 0;) {
    if (equalConstantTime(hash, std::get<Token>(keys_[i]).hash)) found = i;
  }
  return found;
}

// Every element carries the token, or none is believed.
Result<size_t> SchemeVerifier::verifyBodyTokens(std::string_view body) const {
  const auto wrong = [this] {
    return unauthenticated("the body's " + scheme_.json + " matches no live secret");
  };
  JsonDoc document;
  const auto root = document.parse(body);
  if (!root) return wrong();
  std::optional<size_t> first;
  for (const JsonView value : valuesAt(*root, scheme_.json)) {
    const auto found = value.isString() ? tokenNamed(value.asString()) : std::nullopt;
    if (!found) return wrong();
    if (!first) first = found;
  }
  if (!first) return wrong();
  return *first;
}

// The time in a body that has been verified.
Result<void> SchemeVerifier::checkBodyTime(std::string_view body, int64_t now_unix_ms) const {
  JsonDoc document;
  const auto root = document.parse(body);
  const std::string time = root ? root->pointer(scheme_.timestamp_json).scalarText() : "";
  return checkWindow(time, now_unix_ms);
}

// The token stands in the URL; twice is once too often.
Result<size_t> SchemeVerifier::verifyQueryToken(const SignatureInput& input) const {
  std::string_view rest = input.query, found;
  size_t times = 0;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) != scheme_.query) continue;
    found = pair.substr(std::min(equals + 1, pair.size()));
    ++times;
  }
  const auto token = percentDecode(found, true);
  const auto match = tokenNamed(token.value_or(""));
  if (match && token && times == 1) return *match;
  return unauthenticated("the URL's parameter " + scheme_.query + " matches no live secret");
}

Result<size_t> SchemeVerifier::verify(const SignatureInput& input, int64_t now_unix_ms) const {
  if (!scheme_.query.empty()) return verifyQueryToken(input);
  if (!scheme_.json.empty()) return verifyBodyTokens(input.body);
  JUNCTOR_TRY(const std::string_view value, singleHeader(input.headers, scheme_.header));
  JUNCTOR_TRY(const OfferedSignatures offered, readSignatureHeader(scheme_, value));
  JUNCTOR_TRY(const std::string_view timestamp, timestampOf(input, offered));
  if (timed()) JUNCTOR_CHECK(checkWindow(timestamp, now_unix_ms));
  JUNCTOR_TRY(const SignedParts parts, covered_.expand(input, timestamp));
  const auto matched = match(offered, parts);
  if (!matched) {
    return unauthenticated(fmt::format("header {} does not match any live secret", scheme_.header));
  }
  if (!scheme_.timestamp_json.empty()) JUNCTOR_CHECK(checkBodyTime(input.body, now_unix_ms));
  return *matched;
}

std::string SchemeVerifier::proof(size_t secret, std::string_view text) const {
  const auto* mac = secret < keys_.size() ? std::get_if<Mac>(&keys_[secret]) : nullptr;
  return mac ? toHex(mac->compute({&text, 1}).view()) : "";
}

Result<Headers> SchemeVerifier::sign(const SignatureInput& input, int64_t now_unix_ms) const {
  Headers out;
  if (scheme_.header.empty()) return out;  // the sender puts the token into the URL or the body
  const std::string timestamp = timed() ? timeText(now_unix_ms) : std::string();
  if (!scheme_.timestamp_header.empty()) out.emplace_back(scheme_.timestamp_header, timestamp);
  std::string value;
  if (const auto* token = std::get_if<Token>(&keys_.front())) {
    value = token->text;
  } else if (const auto* mac = std::get_if<Mac>(&keys_.front())) {
    JUNCTOR_TRY(const SignedParts parts, covered_.expand(input, timestamp));
    value = encode(mac->compute(parts.span()).view());
  } else {
    const auto& own = std::get<KeyPair>(keys_.front()).own;
    if (!own) return makeError(ErrorCode::Unimplemented, "ed25519 needs the sender's private key");
    JUNCTOR_TRY(const SignedParts parts, covered_.expand(input, timestamp));
    value = encode(own->sign(parts.joined()));
  }
  value = scheme_.prefix + value;
  if (!scheme_.pair_signature.empty()) value = scheme_.pair_signature + "=" + value;
  if (!scheme_.pair_time.empty()) {
    value = scheme_.pair_time + "=" + timestamp + scheme_.separator + value;
  }
  out.emplace_back(scheme_.header, std::move(value));
  return out;
}

}  // namespace

Result<std::unique_ptr<Verifier>> makeVerifier(const SignatureScheme& scheme,
                                               const std::vector<std::string>& secrets) {
  if (scheme.algorithm == Algorithm::None) {
    return invalidArgument("this source signs nothing, so there is nothing to verify");
  }
  if (secrets.empty()) return invalidArgument("no secret is configured");
  if (secrets.size() > limits::kLiveSecretsMax) {
    return invalidArgument(fmt::format("more than {} live secrets", limits::kLiveSecretsMax));
  }
  JUNCTOR_TRY(SignedTemplate covered, SignedTemplate::parse(scheme.signed_template));
  std::vector<Key> keys;
  for (const std::string& secret : secrets) {
    JUNCTOR_TRY(Key key, makeKey(scheme, secret));
    keys.push_back(std::move(key));
  }
  return std::unique_ptr<Verifier>(
      std::make_unique<SchemeVerifier>(scheme, std::move(covered), std::move(keys)));
}

}  // namespace junctor::crypto
