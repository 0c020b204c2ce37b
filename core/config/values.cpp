#include "config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/bytes.h"

namespace junctor::config {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  int64_t ms;
};
constexpr std::array<Unit, 5> kUnits = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool isWord(char c) {
  return isLetter(c) || isDigit(c) || c == '_';
}
bool isVisible(char c) {
  return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
}

Error badRange(int64_t min, int64_t max) {
  return invalidArgument("must be from " + std::to_string(min) + " to " + std::to_string(max));
}

}  // namespace

Result<int64_t> parseInteger(std::string_view text, int64_t min, int64_t max) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), isDigit)) {
    return invalidArgument("must be a whole number");
  }
  if (digits.size() > 1 && digits.front() == '0') {
    return invalidArgument("has a leading zero, which some readers take for octal: drop it");
  }
  int64_t value = 0;
  const auto end = text.data() + text.size();
  if (std::from_chars(text.data(), end, value).ec != std::errc() || value < min || value > max) {
    return badRange(min, max);
  }
  return value;
}

Result<bool> parseBoolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return invalidArgument("must be true or false (yes, no, on, off and 1 are not read as such)");
}

Result<milliseconds> parseDuration(std::string_view text, milliseconds max) {
  if (text == "0") return milliseconds(0);
  const auto digits = std::find_if_not(text.begin(), text.end(), isDigit);
  const std::string_view number(text.begin(), digits);
  const std::string_view unit(digits, text.end());
  const auto found =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == unit; });
  if (number.empty() || found == kUnits.end()) {
    return invalidArgument("must be a duration such as 500ms, 5s, 30m, 2h or 1d");
  }
  const auto count = parseInteger(number, 0, std::numeric_limits<int64_t>::max() / found->ms);
  if (!count) return invalidArgument("is no valid duration: the number " + count.error().message);
  if (*count * found->ms > max.count()) {
    return invalidArgument("must be at most " + formatDuration(max));
  }
  return milliseconds(*count * found->ms);
}

std::string formatDuration(milliseconds duration) {
  if (duration.count() == 0) return "0s";
  for (const Unit& unit : kUnits) {
    if (duration.count() % unit.ms != 0) continue;
    return std::to_string(duration.count() / unit.ms) + std::string(unit.name);
  }
  return std::to_string(duration.count()) + "ms";
}

Result<int64_t> parseMicros(std::string_view text, int64_t max) {
  constexpr size_t kDigits = 6;
  constexpr int64_t kMicros = 1'000'000;
  const size_t point = text.find('.');
  const std::string_view fraction =
      point == text.npos ? std::string_view() : text.substr(point + 1);
  const bool digits =
      std::all_of(fraction.begin(), fraction.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || fraction.size() > kDigits || (point != text.npos && fraction.empty())) {
    return invalidArgument("must be a number with at most 6 digits behind the point");
  }
  JUNCTOR_TRY(const int64_t whole, parseInteger(text.substr(0, point), 0, max / kMicros));
  int64_t micros = 0;
  for (size_t i = 0; i < kDigits; ++i) {
    micros = micros * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  }
  return whole * kMicros + micros;
}

std::string formatMicros(int64_t micros) {
  std::string text = std::to_string(micros / 1'000'000);
  std::string fraction = std::to_string(1'000'000 + micros % 1'000'000).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return fraction.empty() ? text : text + "." + fraction;
}

Result<RateLimit> parseRate(std::string_view text) {
  constexpr int64_t kRateMax = 1'000'000;
  const size_t slash = std::min(text.find('/'), text.size());
  const std::string_view unit = text.substr(std::min(slash + 1, text.size()));
  const auto count = parseInteger(text.substr(0, slash), 1, kRateMax);
  const int64_t seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3'600 : 0;
  if (!count || seconds == 0) {
    return invalidArgument("must be a rate such as 50/s, 600/m or 1000/h, at most " +
                           std::to_string(kRateMax));
  }
  return RateLimit{*count, std::chrono::seconds(seconds)};
}

Result<void> checkName(std::string_view text) {
  if (text.empty()) return invalidArgument("must not be empty");
  if (text.size() > 64) return invalidArgument("must have at most 64 characters");
  const auto good = [](char c) { return isWord(c) || c == '.' || c == '-'; };
  if (!std::all_of(text.begin(), text.end(), good) || text.front() == '.' || text.front() == '-') {
    return invalidArgument(
        "may have letters, digits, '_', '-' and '.' only, and must not start with '-' or '.'");
  }
  return {};
}

Result<void> checkAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return invalidArgument("must be host:port, such as 127.0.0.1:8080 or [::1]:8080");
  }
  const std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if ((!bracketed && host.find_first_of(":[]") != std::string_view::npos) ||
      !std::all_of(host.begin(), host.end(), isVisible)) {
    return invalidArgument("must be host:port; an IPv6 host stands in brackets: [::1]:8080");
  }
  if (!parseInteger(text.substr(colon + 1), 0, 65'535)) {
    return invalidArgument("must end in a port from 0 to 65535");
  }
  return {};
}

Result<void> checkHttpUrl(std::string_view text) {
  const bool http = text.starts_with("http://"), https = text.starts_with("https://");
  if (!http && !https) return invalidArgument("must start with http:// or https://");
  if (!std::all_of(text.begin(), text.end(), isVisible)) {
    return invalidArgument("must not contain spaces or control characters");
  }
  const std::string_view rest = text.substr(http ? 7 : 8);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.empty() || authority.starts_with(':')) return invalidArgument("names no host");
  if (authority.find('@') != std::string_view::npos) {
    return invalidArgument("must not carry a user name or password");
  }
  if (text.find('#') != std::string_view::npos) {
    return invalidArgument("must not have a fragment (#…): it is never sent");
  }
  return {};
}

Result<void> checkSecretRef(std::string_view text) {
  if (text.starts_with("env:")) {
    const std::string_view name = text.substr(4);
    if (!name.empty() && !isDigit(name.front()) && std::all_of(name.begin(), name.end(), isWord)) {
      return {};
    }
    return invalidArgument("names no valid environment variable after 'env:'");
  }
  if (text.starts_with("file:")) {
    if (text.size() > 5) return {};
    return invalidArgument("names no path after 'file:'");
  }
  if (text.starts_with("vault:")) {
    const std::string_view field = text.substr(6);
    if (checkName(field)) return {};
    return invalidArgument("names no valid field after 'vault:'");
  }
  return invalidArgument(
      "must be a reference, env:NAME, file:/path or vault:FIELD, not the secret itself: this file "
      "ends up in backups, diffs and version control");
}

Result<void> checkHeader(std::string_view name, std::string_view value) {
  constexpr std::array<std::string_view, 14> kOurs = {"host",
                                                      "connection",
                                                      "content-length",
                                                      "transfer-encoding",
                                                      "content-type",
                                                      "expect",
                                                      "upgrade",
                                                      "te",
                                                      "trailer",
                                                      "keep-alive",
                                                      "junctor-hops",
                                                      "webhook-id",
                                                      "webhook-timestamp",
                                                      "webhook-signature"};
  constexpr std::array<std::string_view, 5> kSecret = {"authorization", "proxy-authorization",
                                                       "cookie", "x-api-key", "api-key"};
  constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";
  const auto token = [&](char c) {
    return isWord(c) || kTokenMarks.find(c) != std::string_view::npos;
  };
  if (name.empty() || !std::all_of(name.begin(), name.end(), token)) {
    return invalidArgument("is no valid header name");
  }
  const std::string lower = lowerAscii(name);
  if (std::find(kOurs.begin(), kOurs.end(), lower) != kOurs.end()) {
    return invalidArgument("is a header that Junctor sets itself");
  }
  const auto printable = [](char c) { return isVisible(c) || c == ' ' || c == '\t'; };
  if (!std::all_of(value.begin(), value.end(), printable)) {
    return invalidArgument("must not contain control characters");
  }
  if (std::find(kSecret.begin(), kSecret.end(), lower) != kSecret.end()) {
    if (auto reference = checkSecretRef(value); !reference) return reference;
  }
  return {};
}

Result<void> checkStore(std::string_view text) {
  if (text == "sqlite" || (text.starts_with("sqlite:/") && text.size() > 8)) return {};
  if (text.starts_with("postgres://") || text.starts_with("postgresql://")) return {};
  return invalidArgument("must be sqlite, sqlite:/path/file.db or postgres://user@host/database");
}

}  // namespace junctor::config
