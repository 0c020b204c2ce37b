#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "base/json_value.h"
#include "crypto/signature.h"
#include "crypto/signed_template.h"

namespace junctor::crypto {
namespace {

constexpr int64_t kToleranceDefaultS = 300;  // what nearly every provider states
constexpr int64_t kToleranceMaxS = 24 * 3600;

template <class T>
struct Choice {
  std::string_view name;
  T value;
};
constexpr Choice<Algorithm> kAlgorithms[] = {{"none", Algorithm::None},
                                             {"hmac-sha1", Algorithm::HmacSha1},
                                             {"hmac-sha256", Algorithm::HmacSha256},
                                             {"hmac-sha512", Algorithm::HmacSha512},
                                             {"ed25519", Algorithm::Ed25519},
                                             {"plain-token", Algorithm::PlainToken}};
constexpr Choice<Encoding> kEncodings[] = {{"hex", Encoding::Hex}, {"base64", Encoding::Base64}};
constexpr Choice<KeyForm> kKeyForms[] = {{"utf8", KeyForm::Utf8},
                                         {"base64-after-prefix", KeyForm::Base64AfterPrefix},
                                         {"base64", KeyForm::Base64},
                                         {"hex-public-key", KeyForm::HexPublicKey}};
constexpr Choice<int64_t> kUnits[] = {{"s", 1000}, {"ms", 1}, {"iso8601", 0}};

// Reads one JSON object; every error names the key by its path.
class ObjectReader {
 public:
  static Result<ObjectReader> open(const Json& json, std::string path,
                                   std::initializer_list<std::string_view> known) {
    if (!json.is_object()) return invalidArgument(path + ": must be an object");
    for (const auto& [key, value] : json.items()) {
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        return invalidArgument(fmt::format("{}.{}: unknown key", path, key));
      }
    }
    return ObjectReader(json, std::move(path));
  }

  bool has(const char* key) const { return json_.contains(key); }
  const Json& at(const char* key) const { return json_[key]; }
  std::string pathOf(const char* key) const { return path_ + "." + key; }
  Error error(const char* key, std::string_view what) const {
    return invalidArgument(fmt::format("{}: {}", pathOf(key), what));
  }

  Result<std::string> text(const char* key, std::string fallback) const {
    if (!has(key)) return fallback;
    if (!at(key).is_string()) return error(key, "must be a string");
    return at(key).get<std::string>();
  }
  Result<std::string> headerName(const char* key) const {
    JUNCTOR_TRY(std::string name, text(key, ""));
    if (has(key) && !validHeaderName(name)) return error(key, "is not a header name");
    return name;
  }
  Result<bool> boolean(const char* key, bool fallback) const {
    if (!has(key)) return fallback;
    if (!at(key).is_boolean()) return error(key, "must be true or false");
    return at(key).get<bool>();
  }
  Result<int64_t> integer(const char* key, int64_t fallback, int64_t max) const {
    if (!has(key)) return fallback;
    const bool fits =
        at(key).is_number_integer() && at(key).get<int64_t>() >= 0 && at(key).get<int64_t>() <= max;
    if (!fits) return error(key, fmt::format("must be an integer from 0 to {}", max));
    return at(key).get<int64_t>();
  }
  template <class T, size_t N>
  Result<T> choice(const char* key, const Choice<T> (&choices)[N], T fallback) const {
    if (!has(key)) return fallback;
    JUNCTOR_TRY(const std::string name, text(key, ""));
    std::string names;
    for (const Choice<T>& choice : choices) {
      if (choice.name == name) return T(choice.value);
      names.append(names.empty() ? "" : ", ").append(choice.name);
    }
    return error(key, "must be one of " + names);
  }

 private:
  ObjectReader(const Json& json, std::string path) : json_(json), path_(std::move(path)) {}
  const Json& json_;
  std::string path_;
};

Result<void> readHeaderForm(const ObjectReader& in, SignatureScheme& scheme) {
  if (in.has("prefix") && in.has("version")) {
    return in.error("version", "is another word for prefix: give one of them");
  }
  JUNCTOR_TRY(scheme.prefix, in.text(in.has("version") ? "version" : "prefix", ""));
  JUNCTOR_TRY(scheme.separator, in.text("separator", in.has("pairs") ? "," : ""));
  if (in.has("separator") && scheme.separator.size() != 1) {
    return in.error("separator", "must be one character");
  }
  if (!in.has("pairs")) return {};
  JUNCTOR_TRY(const auto pairs,
              ObjectReader::open(in.at("pairs"), in.pathOf("pairs"), {"time", "signature"}));
  JUNCTOR_TRY(scheme.pair_time, pairs.text("time", ""));
  JUNCTOR_TRY(scheme.pair_signature, pairs.text("signature", ""));
  if (scheme.pair_signature.empty()) return pairs.error("signature", "is required");
  if (scheme.pair_time == scheme.pair_signature) return pairs.error("time", "must differ");
  return {};
}

Result<void> readTimestamp(const ObjectReader& in, SignatureScheme& scheme) {
  if (!in.has("timestamp")) {
    if (!scheme.pair_time.empty()) scheme.tolerance_s = kToleranceDefaultS;
    return {};
  }
  JUNCTOR_TRY(const auto time,
              ObjectReader::open(in.at("timestamp"), in.pathOf("timestamp"),
                                 {"header", "json", "unit", "tolerance_s", "future_ok"}));
  JUNCTOR_TRY(scheme.timestamp_header, time.headerName("header"));
  JUNCTOR_TRY(scheme.timestamp_json, time.text("json", ""));
  const int places =
      !scheme.timestamp_header.empty() + !scheme.timestamp_json.empty() + !scheme.pair_time.empty();
  if (places != 1)
    return time.error("header", "is required, or json, unless pairs.time names the time");
  if (time.has("json") && !scheme.timestamp_json.starts_with("/")) {
    return time.error("json", "must be a JSON pointer");
  }
  JUNCTOR_TRY(scheme.timestamp_unit_ms, time.choice("unit", kUnits, int64_t{1000}));
  JUNCTOR_TRY(scheme.tolerance_s, time.integer("tolerance_s", kToleranceDefaultS, kToleranceMaxS));
  JUNCTOR_TRY(scheme.future_ok, time.boolean("future_ok", false));
  return {};
}

// A key form that cannot fit the algorithm is a mistake worth a sentence.
Result<void> checkKeyForm(const ObjectReader& in, const SignatureScheme& scheme) {
  const bool ed25519 = scheme.algorithm == Algorithm::Ed25519;
  if (ed25519 != (scheme.key == KeyForm::HexPublicKey)) {
    return in.error("key", "hex-public-key belongs to ed25519, and ed25519 to it");
  }
  if (scheme.algorithm == Algorithm::PlainToken && scheme.key != KeyForm::Utf8) {
    return in.error("key", "a plain token is utf8");
  }
  return {};
}

// What a signature does not cover, a stranger may change.
Result<void> checkCover(const ObjectReader& in, const SignatureScheme& scheme) {
  const bool timed = !scheme.timestamp_header.empty() || !scheme.pair_time.empty();
  if (scheme.algorithm == Algorithm::PlainToken) {
    if (scheme.timed() || in.has("signed"))
      return in.error("signed", "a plain token signs nothing");
    return {};
  }
  const auto parsed = SignedTemplate::parse(scheme.signed_template);
  if (!parsed) return in.error("signed", parsed.error().message);
  if (!parsed->usesBody()) return in.error("signed", "must contain {body}");
  if (timed != parsed->usesTimestamp()) {
    return in.error("signed", timed ? "must contain {timestamp}, else the time is unprotected"
                                    : "{timestamp} needs a timestamp");
  }
  return {};
}

// A token beside the headers goes with nothing else.
Result<SignatureScheme> tokenPlace(const ObjectReader& in, const SignatureScheme& scheme,
                                   size_t keys) {
  const char* key = scheme.query.empty() ? "json" : "query";
  if (scheme.algorithm != Algorithm::PlainToken || keys != 2) {
    return in.error(key, "goes with algorithm plain-token and no other key");
  }
  if (!scheme.json.empty() && (!scheme.json.starts_with("/") || scheme.secretMember().empty() ||
                               scheme.secretMember() == "*")) {
    return in.error(key, "must be a JSON pointer that ends in a name");
  }
  return scheme;
}

}  // namespace

Result<SignatureScheme> SignatureScheme::fromJson(const Json& json) {
  JUNCTOR_TRY(const auto in,
              ObjectReader::open(json, "signature",
                                 {"algorithm", "header", "prefix", "version", "encoding", "key",
                                  "signed", "separator", "pairs", "timestamp", "query", "json"}));
  SignatureScheme scheme;
  JUNCTOR_TRY(scheme.algorithm, in.choice("algorithm", kAlgorithms, Algorithm::HmacSha256));
  if (scheme.algorithm == Algorithm::None) {
    if (json.size() != 1) return in.error("algorithm", "none goes with no other key");
    return scheme;
  }
  JUNCTOR_TRY(scheme.header, in.headerName("header"));
  JUNCTOR_TRY(scheme.query, in.text("query", ""));
  JUNCTOR_TRY(scheme.json, in.text("json", ""));
  if (!scheme.query.empty() || !scheme.json.empty()) return tokenPlace(in, scheme, json.size());
  if (scheme.header.empty()) return in.error("header", "is required");
  JUNCTOR_TRY(scheme.encoding, in.choice("encoding", kEncodings, Encoding::Hex));
  const bool ed25519 = scheme.algorithm == Algorithm::Ed25519;
  JUNCTOR_TRY(scheme.key,
              in.choice("key", kKeyForms, ed25519 ? KeyForm::HexPublicKey : KeyForm::Utf8));
  JUNCTOR_TRY(scheme.signed_template, in.text("signed", "{body}"));
  JUNCTOR_CHECK(readHeaderForm(in, scheme));
  JUNCTOR_CHECK(readTimestamp(in, scheme));
  JUNCTOR_CHECK(checkKeyForm(in, scheme));
  JUNCTOR_CHECK(checkCover(in, scheme));
  return scheme;
}

}  // namespace junctor::crypto
