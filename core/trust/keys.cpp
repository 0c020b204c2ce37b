#include "trust/keys.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json_value.h"
#include "base/strict_object.h"
#include "crypto/hash.h"
#include "trust/sealed.h"

namespace junctor::trust {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr std::string_view kPublicPrefix = "ed25519.";
constexpr const char* kCertificateType = "junctor-publisher";

std::string_view typeOf(KeyKind kind) {
  return kind == KeyKind::Root ? "junctor-root-key" : "junctor-publisher-key";
}

std::optional<Level> parseLevel(std::string_view text) {
  for (const Level level : {Level::Private, Level::Verified, Level::Core}) {
    if (text == toString(level)) return level;
  }
  return std::nullopt;
}

// "2028-01-31", a day that exists.
bool isDay(std::string_view text) {
  const auto number = [text](size_t at, size_t size) {
    int value = -1;
    const char* end = text.data() + at + size;
    return std::from_chars(text.data() + at, end, value).ptr == end ? value : -1;
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  return year >= 2000 && month > 0 && day > 0 &&
         std::chrono::year_month_day(std::chrono::year(year),
                                     std::chrono::month(static_cast<unsigned>(month)),
                                     std::chrono::day(static_cast<unsigned>(day)))
             .ok();
}

bool cleanPrefix(std::string_view prefix) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !prefix.empty() && prefix.size() <= 64 && prefix.front() != '.' && prefix.back() != '.' &&
         std::all_of(prefix.begin(), prefix.end(), legal);
}

bool cleanPublisher(std::string_view name) {
  return !name.empty() && name.size() <= 64 && validUtf8(name) &&
         std::none_of(name.begin(), name.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<Certificate> readText(const std::string& text) {
  JUNCTOR_TRY(const Json json, parseJson(text));
  JUNCTOR_TRY(const auto in,
              StrictObject::open(
                  json, "", {"type", "publisher", "prefix", "level", "expires", "public_key"}));
  JUNCTOR_TRY(const std::string type, in.requiredText("type"));
  if (type != kCertificateType) return in.error("type", "is not a publisher's certificate");
  Certificate out;
  JUNCTOR_TRY(out.publisher, in.requiredText("publisher"));
  JUNCTOR_TRY(out.prefix, in.requiredText("prefix"));
  JUNCTOR_TRY(const std::string level, in.requiredText("level"));
  JUNCTOR_TRY(out.expires, in.requiredText("expires"));
  JUNCTOR_TRY(const std::string key, in.requiredText("public_key"));
  JUNCTOR_TRY(out.public_key, parsePublicKey(key));
  const auto parsed = parseLevel(level);
  if (!parsed) return in.error("level", "must be private, verified or core");
  out.level = *parsed;
  JUNCTOR_CHECK(checkCertificate(out));
  return out;
}

Result<std::pair<Sealed, Certificate>> readParts(const Json& sealed) {
  const auto wrong = [](const Error& error) {
    return invalidArgument("is no certificate: " + error.message);
  };
  auto parts = readSealed(sealed);
  if (!parts) return wrong(parts.error());
  auto certificate = readText(parts->text);
  if (!certificate) return wrong(certificate.error());
  return std::pair(std::move(*parts), std::move(*certificate));
}

}  // namespace

std::string_view toString(Level level) {
  switch (level) {
    case Level::Unsigned:
      return "unsigned";
    case Level::Private:
      return "private";
    case Level::Verified:
      return "verified";
    case Level::Core:
      return "core";
  }
  return "unsigned";
}

std::string keyId(std::string_view public_key) {
  return "key_" + crypto::sha256Hex(public_key).substr(0, 32);
}

std::string formatPublicKey(std::string_view public_key) {
  return std::string(kPublicPrefix) + toBase64(public_key);
}

Result<std::string> parsePublicKey(std::string_view text) {
  if (!text.starts_with(kPublicPrefix)) {
    return invalidArgument("a public key is written as ed25519.BASE64");
  }
  return base64Bytes(std::string(text.substr(kPublicPrefix.size())), kKeyBytes, "public key");
}

const std::vector<std::string>& builtInRoots() {
  static const std::vector<std::string> kRoots;
  return kRoots;
}

bool Certificate::mayName(std::string_view id) const {
  return prefix == "*" || id == prefix || id.starts_with(prefix + ".");
}

bool Certificate::expired(int64_t now_unix_ms) const {
  return formatRfc3339(now_unix_ms).substr(0, 10) > expires;  // both sort as they read
}

Result<void> checkCertificate(const Certificate& certificate) {
  if (!cleanPublisher(certificate.publisher)) {
    return invalidArgument("publisher: must be a name of up to 64 bytes");
  }
  if (certificate.prefix == "*" && certificate.level != Level::Core) {
    return invalidArgument("prefix: only a core key may sign for every id");
  }
  if (certificate.prefix != "*" && !cleanPrefix(certificate.prefix)) {
    return invalidArgument("prefix: must be as com.acme (it covers com.acme and com.acme.shop)");
  }
  if (certificate.level == Level::Unsigned) return invalidArgument("level: a key has one");
  if (!isDay(certificate.expires)) return invalidArgument("expires: must be a day, as 2028-01-31");
  return {};
}

Result<Json> sealCertificate(const Certificate& certificate, const crypto::SigningKey& issuer) {
  JUNCTOR_CHECK(checkCertificate(certificate));
  const bool own = issuer.publicKey() == certificate.public_key;
  if (own != (certificate.level == Level::Private)) {
    return invalidArgument(own ? "a key cannot vouch for itself beyond level private"
                               : "level: a root signs verified or core; private certificates are "
                                 "trusted where an operator adds them");
  }
  const Json text = {
      {"type", kCertificateType},       {"publisher", certificate.publisher},
      {"prefix", certificate.prefix},   {"level", toString(certificate.level)},
      {"expires", certificate.expires}, {"public_key", formatPublicKey(certificate.public_key)}};
  return seal(kCertificateDomain, dumpJson(text), issuer);
}

Result<Certificate> openCertificate(const Json& sealed, const std::vector<std::string>& roots) {
  JUNCTOR_TRY(auto parts, readParts(sealed));
  auto& [raw, certificate] = parts;
  const auto signedBy = [&raw = raw](const std::string& key) {
    return verifyFor(kCertificateDomain, raw.text, raw.signature, key);
  };
  if (certificate.level == Level::Private) {
    if (!signedBy(certificate.public_key)) {
      return makeError(ErrorCode::PermissionDenied, "the certificate's signature is wrong");
    }
    return std::move(certificate);
  }
  if (std::any_of(roots.begin(), roots.end(), signedBy)) return std::move(certificate);
  return makeError(
      ErrorCode::PermissionDenied,
      fmt::format("the certificate of {} ({}) was not signed by a root that this installation "
                  "trusts{}",
                  certificate.publisher, certificate.keyId(),
                  roots.empty() ? ": none is configured (connectors.roots)" : ""));
}

Result<Certificate> peekCertificate(const Json& sealed) {
  JUNCTOR_TRY(auto parts, readParts(sealed));
  return std::move(parts.second);
}

std::string writePrivateKey(KeyKind kind, const crypto::SigningKey& key) {
  return dumpJson({{"type", typeOf(kind)},
                   {"public_key", formatPublicKey(key.publicKey())},
                   {"private_key", toBase64(key.seed())}},
                  2) +
         "\n";
}

Result<crypto::SigningKey> readPrivateKey(KeyKind kind, std::string_view text) {
  auto json = parseJson(text);
  if (!json) return invalidArgument("is no private key");  // the parser's message may quote it
  auto in = StrictObject::open(*json, "", {"type", "public_key", "private_key"});
  if (!in) return invalidArgument("is no private key");
  if (in->text("type").value_or("") != typeOf(kind)) {
    return invalidArgument(
        fmt::format("is not a {} key", kind == KeyKind::Root ? "root" : "publisher's private"));
  }
  const auto seed = fromBase64(in->text("private_key").value_or(""));
  if (!seed) return invalidArgument("is no private key");
  JUNCTOR_TRY(crypto::SigningKey key, crypto::SigningKey::fromSeed(*seed));
  if (in->text("public_key").value_or("") != formatPublicKey(key.publicKey())) {
    return invalidArgument("holds two halves that do not belong together");
  }
  return key;
}

}  // namespace junctor::trust
