// Times: jn.time, jn.iso8601, jn.unix_ms and ctx.local_hour. All of them work on values in the
// event; none reads a clock.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <optional>

#include "base/clock.h"
#include "script/lib.h"
#include "script/view.h"

namespace junctor::script {
namespace {

constexpr int64_t kMsPerDay = 86'400'000;
// Numbers above this are milliseconds: as seconds they would lie beyond the year 5000.
constexpr int64_t kSecondsMax = 100'000'000'000;
constexpr int64_t kUnixMsMax = 253'402'300'799'999;  // 9999-12-31

class Digits {
 public:
  explicit Digits(std::string_view text) : text_(text) {}

  bool number(size_t digits, int& value) {
    if (text_.size() < digits) return false;
    value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return false;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(digits);
    return true;
  }
  bool skip(std::string_view one_of) {
    if (text_.empty() || one_of.find(text_.front()) == one_of.npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  char peek() const { return text_.empty() ? '\0' : text_.front(); }
  bool done() const { return text_.empty(); }

 private:
  std::string_view text_;
};

// Days since 1970-01-01 of a date of the Gregorian calendar.
int64_t daysFromCivil(int year, int month, int day) {
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

bool validDate(int year, int month, int day) {
  constexpr int kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1 || day > kDays[month - 1]) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month != 2 || day < 29 || leap;
}

// "Z", "+02:00", "-0530", "+02"; nothing is UTC.
bool readOffset(Digits& text, int64_t& offset_ms) {
  offset_ms = 0;
  text.skip(" ");
  if (text.done() || text.skip("Zz")) return true;
  const bool negative = text.peek() == '-';
  int hours = 0;
  int minutes = 0;
  if (!text.skip("+-") || !text.number(2, hours)) return false;
  text.skip(":");
  if (!text.done() && !text.number(2, minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  offset_ms = (hours * 60 + minutes) * 60'000LL * (negative ? -1 : 1);
  return true;
}

bool readClock(Digits& text, int64_t& ms) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!text.number(2, hour) || !text.skip(":") || !text.number(2, minute)) return false;
  if (text.skip(":") && !text.number(2, second)) return false;
  if (hour > 23 || minute > 59 || second > 60) return false;
  ms = ((hour * 60 + minute) * 60 + second) * 1000LL;
  if (!text.skip(".,")) return true;
  int digit = 0;
  for (int weight = 100; text.number(1, digit); weight /= 10) ms += digit * weight;
  return true;
}

bool parseIso(std::string_view iso, int64_t& unix_ms) {
  Digits text(iso);
  int year = 0;
  int month = 0;
  int day = 0;
  int64_t clock_ms = 0;
  int64_t offset_ms = 0;
  if (!text.number(4, year) || !text.skip("-") || !text.number(2, month) || !text.skip("-") ||
      !text.number(2, day) || !validDate(year, month, day)) {
    return false;
  }
  if (text.skip("Tt ") && (!readClock(text, clock_ms) || !readOffset(text, offset_ms)))
    return false;
  unix_ms = daysFromCivil(year, month, day) * kMsPerDay + clock_ms - offset_ms;
  return text.done();
}

bool fromNumber(double seconds_or_ms, int64_t& unix_ms) {
  if (!std::isfinite(seconds_or_ms) || seconds_or_ms < 0) return false;
  const double ms =
      seconds_or_ms < static_cast<double>(kSecondsMax) ? seconds_or_ms * 1000 : seconds_or_ms;
  if (ms > static_cast<double>(kUnixMsMax)) return false;
  unix_ms = std::llround(ms);
  return true;
}

// jn.time(value [, fallback]): RFC 3339 in UTC with milliseconds; nil if neither is a time.
int time(lua_State* L) {
  int64_t unix_ms = 0;
  contextOf(L).budget.charge(L, 4);
  if (!readTime(L, 1, unix_ms) && !readTime(L, 2, unix_ms)) return 0;
  const std::string text = formatRfc3339(unix_ms);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int unixMs(lua_State* L) {
  int64_t unix_ms = 0;
  contextOf(L).budget.charge(L, 4);
  if (!readTime(L, 1, unix_ms)) return 0;
  lua_pushinteger(L, unix_ms);
  return 1;
}

}  // namespace

bool readTime(lua_State* L, int index, int64_t& unix_ms) {
  if (lua_isnoneornil(L, index)) return false;
  if (lua_type(L, index) == LUA_TNUMBER) return fromNumber(lua_tonumber(L, index), unix_ms);
  if (lua_type(L, index) != LUA_TSTRING) return false;
  size_t size = 0;
  const char* bytes = lua_tolstring(L, index, &size);
  constexpr size_t kTextMax = 64;
  if (size > kTextMax) return false;
  if (parseIso({bytes, size}, unix_ms)) return true;
  int is_number = 0;
  const double number = lua_tonumberx(L, index, &is_number);
  return is_number != 0 && fromNumber(number, unix_ms);
}

// ctx.local_hour(offset): the hour (0-23) of the event's receipt, at "UTC" or "+02:00".
int ctxLocalHour(lua_State* L) {
  const std::string_view zone = lua_isnoneornil(L, 1) ? "UTC" : checkText(L, 1);
  int64_t offset_ms = 0;
  Digits text(zone);
  if (zone != "UTC" && (zone.empty() || !readOffset(text, offset_ms) || !text.done())) {
    return luaL_error(L, "unknown zone '%s': give \"UTC\" or an offset like \"+02:00\"",
                      std::string(zone.substr(0, 40)).c_str());
  }
  const int64_t local = contextOf(L).fields->event().received_at_ms + offset_ms;
  lua_pushinteger(L, ((local % kMsPerDay) + kMsPerDay) % kMsPerDay / 3'600'000);
  return 1;
}

const luaL_Reg kTimeFunctions[] = {
    {"time", time}, {"iso8601", time}, {"unix_ms", unixMs}, {nullptr, nullptr}};

}  // namespace junctor::script
