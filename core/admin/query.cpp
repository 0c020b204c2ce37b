#include "admin/query.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/bytes.h"
#include "base/json_value.h"
#include "base/limits.h"

namespace junctor::admin {
namespace {

std::optional<int64_t> wholeNumber(std::string_view text) {
  int64_t value = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || value < 0) return std::nullopt;
  return value;
}

// Takes `digits` digits and the character `then` (0 = none) off the front.
bool take(std::string_view& text, size_t digits, char then, int64_t& value) {
  if (text.size() < digits + (then ? 1 : 0)) return false;
  const auto number = wholeNumber(text.substr(0, digits));
  if (!number || text[0] == '+' || (then && text[digits] != then)) return false;
  value = *number;
  text.remove_prefix(digits + (then ? 1 : 0));
  return true;
}

// "Z" or "+02:00"; minutes east of UTC.
std::optional<int64_t> takeOffset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int64_t sign = text[0] == '-' ? -1 : 1;
  int64_t hours = 0, minutes = 0;
  text.remove_prefix(1);
  if (!take(text, 2, ':', hours) || !take(text, 2, 0, minutes)) return std::nullopt;
  if (hours > 23 || minutes > 59) return std::nullopt;
  return sign * (hours * 60 + minutes);
}

// ".123456" -> 123 ms.
int64_t takeFraction(std::string_view& text) {
  if (!text.starts_with('.')) return 0;
  text.remove_prefix(1);
  int64_t ms = 0;
  for (int64_t scale = 100; !text.empty() && text[0] >= '0' && text[0] <= '9';
       text.remove_prefix(1), scale /= 10) {
    ms += (text[0] - '0') * scale;
  }
  return ms;
}

std::optional<int64_t> parseRfc3339(std::string_view text) {
  int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!take(text, 4, '-', year) || !take(text, 2, '-', month) || !take(text, 2, 'T', day) ||
      !take(text, 2, ':', hour) || !take(text, 2, ':', minute) || !take(text, 2, 0, second)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const int64_t fraction = takeFraction(text);
  const auto offset = takeOffset(text);
  if (!offset) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + hour) * 60 + minute - *offset) * 60'000 + second * 1'000 + fraction;
}

bool listed(const std::vector<std::string_view>& known, std::string_view name) {
  return std::find(known.begin(), known.end(), name) != known.end();
}

std::string listOf(const std::vector<std::string_view>& known) {
  if (known.empty()) return "none is taken here";
  std::string all = "known are ";
  for (size_t i = 0; i < known.size(); ++i) all += (i ? ", " : "") + std::string(known[i]);
  return all;
}

}  // namespace

Result<std::map<std::string, std::string>> parseQuery(std::string_view query,
                                                      const std::vector<std::string_view>& known) {
  std::map<std::string, std::string> out;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.empty()) continue;
    const size_t equals = std::min(part.find('='), part.size());
    const auto name = percentDecode(part.substr(0, equals), true);
    const auto value = percentDecode(part.substr(std::min(equals + 1, part.size())), true);
    if (!name || !value) return invalidArgument("the query is not well encoded");
    if (!listed(known, *name)) {
      return invalidArgument("unknown query parameter '" + *name + "'; " + listOf(known));
    }
    if (!out.emplace(*name, *value).second) {
      return invalidArgument("query parameter '" + *name + "' is given twice");
    }
  }
  return out;
}

std::string parameter(const Call& call, const std::string& name) {
  const auto found = call.query.find(name);
  return found == call.query.end() ? std::string() : found->second;
}

Result<size_t> limitOf(const Call& call) {
  if (!call.query.contains("limit")) return limits::kPageDefault;
  const auto value = wholeNumber(parameter(call, "limit"));
  if (!value || *value < 1 || *value > static_cast<int64_t>(limits::kPageMax)) {
    return invalidArgument("limit must be from 1 to " + std::to_string(limits::kPageMax));
  }
  return static_cast<size_t>(*value);
}

Result<int64_t> parseTime(std::string_view text) {
  if (const auto ms = wholeNumber(text)) return *ms;
  if (const auto ms = parseRfc3339(text)) return *ms;
  return invalidArgument("must be a time such as 2026-11-21T08:30:00Z, or Unix milliseconds");
}

Result<int64_t> timeOf(const Call& call, const std::string& name) {
  if (!call.query.contains(name)) return 0;
  auto time = parseTime(parameter(call, name));
  if (!time) return invalidArgument(name + " " + time.error().message);
  return time;
}

Result<bool> flagOf(const Call& call, const std::string& name) {
  const std::string text = parameter(call, name);
  if (!call.query.contains(name) || text == "false") return false;
  if (text == "true") return true;
  return invalidArgument(name + " must be true or false");
}

Result<Json> bodyOf(const Call& call, const std::vector<std::string_view>& known) {
  if (call.http.body.empty()) return Json::object();
  JUNCTOR_TRY(Json body, parseJson(call.http.body));
  if (!body.is_object()) return invalidArgument("the body must be a JSON object");
  for (const auto& member : body.items()) {
    if (listed(known, member.key())) continue;
    return invalidArgument("unknown member '" + member.key() + "' in the body; " + listOf(known));
  }
  return body;
}

Result<void> emptyBody(const Call& call) {
  JUNCTOR_CHECK(bodyOf(call, {}));
  return {};
}

Result<std::string> textOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::string();
  if (!found->is_string()) return invalidArgument(std::string(key) + " must be a text");
  return found->get<std::string>();
}

}  // namespace junctor::admin
