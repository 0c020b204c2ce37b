// Forms of a point in time. The canonical one is RFC 3339 in UTC with milliseconds, as events have.
#include <fmt/core.h>

#include <charconv>
#include <limits>
#include <optional>

#include "base/clock.h"
#include "mapping/forms.h"

namespace junctor::mapping {
namespace {

constexpr int64_t kMsPerDay = 86'400'000;
constexpr int64_t kMsMin = -62'135'596'800'000;  // year 1
constexpr int64_t kMsMax = 253'402'300'799'999;  // year 9999

struct Civil {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, ms = 0;
  int offset_minutes = 0;
};

// Days since 1970-01-01 of a date of the Gregorian calendar.
int64_t daysFromCivil(const Civil& c) {
  const int64_t y = c.month <= 2 ? c.year - 1 : c.year;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (c.month + (c.month > 2 ? -3 : 9)) + 2) / 5 + c.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

bool valid(const Civil& c) {
  constexpr int kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (c.year < 1 || c.month < 1 || c.month > 12 || c.day < 1 || c.day > kDays[c.month - 1]) {
    return false;
  }
  const bool leap = (c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0;
  return (c.month != 2 || c.day < 29 || leap) && c.hour < 24 && c.minute < 60 && c.second <= 60;
}

std::optional<int64_t> unixMs(const Civil& c) {
  if (!valid(c)) return std::nullopt;
  const int64_t ms = daysFromCivil(c) * kMsPerDay +
                     ((c.hour * 60LL + c.minute - c.offset_minutes) * 60 + c.second) * 1000 + c.ms;
  return ms < kMsMin || ms > kMsMax ? std::nullopt : std::optional(ms);
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool number(size_t digits, int& value) {
    if (rest_.size() < digits) return false;
    value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return false;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return true;
  }
  bool skip(std::string_view one_of) {
    if (rest_.empty() || one_of.find(rest_.front()) == one_of.npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Any number of digits; more than three are cut.
  bool fraction(int& ms) {
    int digit = 0;
    if (!number(1, digit)) return false;
    ms = 100 * digit;
    for (int weight = 10; number(1, digit); weight /= 10) ms += digit * weight;
    return true;
  }
  // "Z", "+02:00", "-0530", "+02".
  bool offset(int& minutes) {
    if (skip("Zz")) return true;
    const bool negative = !rest_.empty() && rest_.front() == '-';
    int hours = 0;
    int rest = 0;
    if (!skip("+-") || !number(2, hours)) return false;
    const bool colon = skip(":");
    if ((colon || !rest_.empty()) && !number(2, rest)) return false;
    minutes = (hours * 60 + rest) * (negative ? -1 : 1);
    return hours < 24 && rest < 60;
  }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// ISO 8601 as providers write it; a date alone is its midnight, no offset is UTC.
std::optional<int64_t> parseIso(std::string_view text) {
  Reader in(text);
  Civil c;
  if (!in.number(4, c.year) || !in.skip("-") || !in.number(2, c.month) || !in.skip("-") ||
      !in.number(2, c.day)) {
    return std::nullopt;
  }
  if (in.done()) return unixMs(c);
  if (!in.skip("Tt ") || !in.number(2, c.hour) || !in.skip(":") || !in.number(2, c.minute)) {
    return std::nullopt;
  }
  if (in.skip(":") && !in.number(2, c.second)) return std::nullopt;
  if (in.skip(".,") && !in.fraction(c.ms)) return std::nullopt;
  in.skip(" ");
  if (!in.done() && !in.offset(c.offset_minutes)) return std::nullopt;
  return in.done() ? unixMs(c) : std::nullopt;
}

bool readPart(Reader& in, char part, Civil& c) {
  switch (part) {
    case 'Y':
      return in.number(4, c.year);
    case 'm':
      return in.number(2, c.month);
    case 'd':
      return in.number(2, c.day);
    case 'H':
      return in.number(2, c.hour);
    case 'M':
      return in.number(2, c.minute);
    case 'S':
      return in.number(2, c.second);
    case 'f':
      return in.number(3, c.ms);
    default:
      return in.offset(c.offset_minutes);
  }
}

std::optional<int64_t> parsePattern(std::string_view text, std::string_view pattern) {
  Reader in(text);
  Civil c;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool part = pattern[i] == '%';
    if (part ? !readPart(in, pattern[++i], c) : !in.skip(pattern.substr(i, 1))) {
      return std::nullopt;
    }
  }
  return in.done() ? unixMs(c) : std::nullopt;
}

// The pieces of "2026-11-21T08:30:00.123Z", which has one width for all years.
std::string writePattern(const std::string& rfc3339, std::string_view pattern) {
  const auto piece = [&rfc3339](char part) -> std::string {
    constexpr std::string_view kParts = "YmdHMSf";
    constexpr size_t kStarts[] = {0, 5, 8, 11, 14, 17, 20};
    constexpr size_t kSizes[] = {4, 2, 2, 2, 2, 2, 3};
    const size_t at = kParts.find(part);
    return at == kParts.npos ? "+0000" : rfc3339.substr(kStarts[at], kSizes[at]);
  };
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    out += pattern[i] == '%' ? piece(pattern[++i]) : std::string(1, pattern[i]);
  }
  return out;
}

std::string_view patternOf(std::string_view form) {
  if (form == "date") return "%Y-%m-%d";
  if (form == "rfc3339") return "%Y-%m-%dT%H:%M:%S.%fZ";
  if (form == "rfc3339_s") return "%Y-%m-%dT%H:%M:%SZ";
  if (form == "offset") return "%Y-%m-%dT%H:%M:%S.%f%z";
  return form;
}

bool isUnix(std::string_view form) {
  return form == "unix_s" || form == "unix_ms";
}

std::optional<int64_t> fromUnix(const Value& value, bool seconds) {
  const std::string& text = value.asText();
  int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (seconds) {
    if (number < kMsMin / 1000 || number > kMsMax / 1000) return std::nullopt;
    number *= 1000;
  }
  return number < kMsMin || number > kMsMax ? std::nullopt : std::optional(number);
}

int64_t floorSeconds(int64_t ms) {
  return ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
}

}  // namespace

Result<void> checkTimeForm(std::string_view form) {
  const std::string_view pattern = patternOf(form);
  if (isUnix(form)) return {};
  std::string parts;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') continue;
    const char part = ++i < pattern.size() ? pattern[i] : '\0';
    if (part == '\0' || std::string_view("YmdHMSfz").find(part) == std::string_view::npos) {
      return invalidArgument("a pattern has %Y %m %d %H %M %S %f %z, and nothing else with %");
    }
    if (parts.find(part) != parts.npos) return invalidArgument("has a part twice");
    parts += part;
  }
  const bool date = parts.find('Y') != parts.npos && parts.find('m') != parts.npos &&
                    parts.find('d') != parts.npos;
  if (date) return {};
  return invalidArgument(
      "is none of unix_s, unix_ms, date, rfc3339, rfc3339_s, offset, and no pattern with a date");
}

Result<Value> formTime(const Value& rfc3339, std::string_view form) {
  if (!rfc3339.isText()) return invalidArgument("must be a time as text");
  const auto ms = parseIso(rfc3339.asText());
  if (!ms) return invalidArgument("is no RFC 3339 time");
  if (form == "unix_s") return Value::integer(floorSeconds(*ms));
  if (form == "unix_ms") return Value::integer(*ms);
  return Value::text(writePattern(formatRfc3339(*ms), patternOf(form)));
}

Result<Value> readTime(const Value& value, std::string_view form) {
  if (!value.isText() && !value.isNumber()) return invalidArgument("must be a time");
  std::optional<int64_t> ms;
  if (isUnix(form)) {
    ms = fromUnix(value, form == "unix_s");
    // Intercom sends seconds from its API and ISO times in webhooks.
    if (!ms && value.isText()) ms = parseIso(value.asText());
  } else if (value.isText()) {
    const bool named = patternOf(form) != form;
    ms = named ? parseIso(value.asText()) : parsePattern(value.asText(), form);
  }
  if (!ms) return invalidArgument("is no time of this form");
  return Value::text(formatRfc3339(*ms));
}

}  // namespace junctor::mapping
