// string: the stock functions that are harmless, and own ones for those that can loop or print
// addresses (rep, format; patterns are in lib_pattern.cpp).
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/limits.h"
#include "script/lib.h"
#include "script/view.h"

namespace junctor::script {
namespace {

constexpr size_t kTextMax = limits::kRuleBlockBytesMax - 64;
constexpr int kItemMax = 512;  // one formatted number: %99.99f of the largest double

int rep(lua_State* L) {
  const std::string_view text = checkText(L, 1);
  const lua_Integer count = luaL_checkinteger(L, 2);
  const std::string_view separator = lua_isnoneornil(L, 3) ? "" : checkText(L, 3);
  const size_t unit = text.size() + separator.size();
  if (count <= 0 || unit == 0) return lua_pushliteral(L, ""), 1;
  if (static_cast<size_t>(count) > kTextMax / unit)
    return luaL_error(L, "resulting string too large");
  const size_t total = unit * static_cast<size_t>(count) - separator.size();
  contextOf(L).budget.charge(L, count + static_cast<lua_Integer>(total / 64));
  luaL_Buffer buffer;
  char* out = luaL_buffinitsize(L, &buffer, total);
  for (lua_Integer i = 0; i < count; ++i) {
    std::memcpy(out, text.data(), text.size());
    out += text.size();
    if (i + 1 == count) break;
    std::memcpy(out, separator.data(), separator.size());
    out += separator.size();
  }
  luaL_pushresultsize(&buffer, total);
  return 1;
}

// A conversion as written: "%-5.2f". `conversion` is its last letter.
struct Spec {
  char text[32];
  char conversion;
  int precision;  // -1: none
};

size_t readDigits(std::string_view format, size_t i, int& value) {
  value = 0;
  for (int digits = 0; digits < 2 && i < format.size(); ++digits, ++i) {
    if (format[i] < '0' || format[i] > '9') break;
    value = value * 10 + (format[i] - '0');
  }
  return i;
}

// `i` stands after the percent sign; returns the position after the conversion.
size_t readSpec(lua_State* L, std::string_view format, size_t i, Spec& spec) {
  const size_t start = i;
  while (i < format.size() && format[i] != '\0' && std::strchr("-+ #0", format[i]) != nullptr) ++i;
  int width = 0;
  spec.precision = -1;
  if (i - start > 5) luaL_error(L, "invalid format (repeated flags)");
  i = readDigits(format, i, width);
  if (i < format.size() && format[i] == '.') i = readDigits(format, i + 1, spec.precision);
  if (i >= format.size() || format[i] == '\0' ||
      std::strchr("diuxXocaAeEfFgGsq", format[i]) == nullptr) {
    luaL_error(L, "invalid conversion in format");
  }
  spec.conversion = format[i];
  const std::string_view modifiers = format.substr(start, i - start);
  const bool integer = std::strchr("diuxXo", spec.conversion) != nullptr;
  std::snprintf(spec.text, sizeof spec.text, "%%%.*s%s%c", static_cast<int>(modifiers.size()),
                modifiers.data(), integer ? "ll" : "", spec.conversion);
  return i + 1;
}

// Makes a number from an own, checked format.
template <class T>
void addNumber(luaL_Buffer& buffer, const Spec& spec, T value) {
  char* out = luaL_prepbuffsize(&buffer, kItemMax);
  const int size = std::snprintf(out, kItemMax, spec.text, value);
  luaL_addsize(&buffer, static_cast<size_t>(std::min(size, kItemMax - 1)));
}

void addQuoted(luaL_Buffer& buffer, std::string_view text) {
  luaL_addchar(&buffer, '"');
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\n') luaL_addchar(&buffer, '\\');
    if (c == '\0') {
      luaL_addstring(&buffer, "\\0");
    } else {
      luaL_addchar(&buffer, c);
    }
  }
  luaL_addchar(&buffer, '"');
}

void addPadding(luaL_Buffer& buffer, int count) {
  for (int i = 0; i < count; ++i) luaL_addchar(&buffer, ' ');
}

void addText(lua_State* L, luaL_Buffer& buffer, const Spec& spec, std::string_view text) {
  contextOf(L).budget.chargeBytes(L, text.size());
  if (spec.conversion == 'q') return addQuoted(buffer, text);
  if (spec.precision >= 0) text = text.substr(0, static_cast<size_t>(spec.precision));
  const char* modifiers = spec.text + 1;
  const bool left = std::strchr(modifiers, '-') != nullptr;
  while (*modifiers != '\0' && std::strchr("-+ #0", *modifiers) != nullptr) ++modifiers;
  int width = 0;
  readDigits(modifiers, 0, width);
  const int padding = std::max(0, width - static_cast<int>(std::min<size_t>(text.size(), 100)));
  if (!left) addPadding(buffer, padding);
  luaL_addlstring(&buffer, text.data(), text.size());
  if (left) addPadding(buffer, padding);
}

void addItem(lua_State* L, luaL_Buffer& buffer, const Spec& spec, int argument) {
  contextOf(L).budget.charge(L, 4);
  switch (spec.conversion) {
    case 'c':
      luaL_addchar(&buffer, static_cast<char>(luaL_checkinteger(L, argument)));
      return;
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
      return addNumber(buffer, spec, static_cast<long long>(luaL_checkinteger(L, argument)));
    case 's':
    case 'q':
      break;
    default:
      return addNumber(buffer, spec, luaL_checknumber(L, argument));
  }
  luaL_checkany(L, argument);
  pushDisplay(L, argument);
  size_t size = 0;
  const char* text = lua_tolstring(L, -1, &size);
  lua_replace(L, argument);  // keeps it alive below the buffer
  addText(L, buffer, spec, {text, size});
}

int format(lua_State* L) {
  const std::string_view pattern = checkText(L, 1);
  contextOf(L).budget.charge(L, 1 + static_cast<lua_Integer>(pattern.size() / 8));
  const int arguments = lua_gettop(L);
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  int argument = 1;
  for (size_t i = 0; i < pattern.size();) {
    if (pattern[i] != '%') {
      luaL_addchar(&buffer, pattern[i++]);
    } else if (i + 1 < pattern.size() && pattern[i + 1] == '%') {
      luaL_addchar(&buffer, '%');
      i += 2;
    } else {
      Spec spec{};
      i = readSpec(L, pattern, i + 1, spec);
      if (++argument > arguments) return luaL_argerror(L, argument, "no value");
      addItem(L, buffer, spec, argument);
    }
  }
  luaL_pushresult(&buffer);
  return 1;
}

}  // namespace

void pushStringLibrary(lua_State* L) {
  constexpr luaL_Reg kOwn[] = {{"rep", rep}, {"format", format}, {nullptr, nullptr}};
  luaL_newlib(L, kOwn);
  luaL_setfuncs(L, kPatternFunctions, 0);
  addStockStrings(L);
}

}  // namespace junctor::script
