#include "script/table_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace junctor::script {
namespace {

// Edit distance of two short names.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row[b.size()];
}

std::string suggestion(std::string_view name, std::initializer_list<std::string_view> known) {
  constexpr size_t kNearEnough = 2;
  std::string_view best;
  size_t best_distance = kNearEnough + 1;
  std::string all;
  for (const std::string_view candidate : known) {
    const size_t d = distance(name.substr(0, 64), candidate);
    if (d < best_distance && d < candidate.size()) {
      best = candidate;
      best_distance = d;
    }
    all += (all.empty() ? "" : ", ") + std::string(candidate);
  }
  if (!best.empty()) return fmt::format("; did you mean '{}'?", best);
  return fmt::format("; known: {}", all);
}

}  // namespace

void TableReader::fail(const std::string& problem) const {
  lua_pushfstring(L_, "%s:%d: %s", label_.c_str(), line_, problem.c_str());
  lua_error(L_);
  std::abort();  // lua_error does not return
}

void TableReader::checkKeys(int table, std::initializer_list<std::string_view> known,
                            const std::string& what) const {
  if (lua_type(L_, table) != LUA_TTABLE) fail(what + " must be a table");
  table = lua_absindex(L_, table);
  lua_pushnil(L_);
  while (lua_next(L_, table) != 0) {
    lua_pop(L_, 1);
    if (lua_type(L_, -1) != LUA_TSTRING) fail(what + " has an entry without a name");
    const std::string name = textAt(-1, what);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      fail(
          fmt::format("{}: unknown key '{}'{}", what, name.substr(0, 60), suggestion(name, known)));
    }
  }
}

bool TableReader::push(int table, const char* name) const {
  table = lua_absindex(L_, table);
  lua_pushstring(L_, name);
  if (lua_rawget(L_, table) != LUA_TNIL) return true;
  lua_pop(L_, 1);
  return false;
}

std::string TableReader::textAt(int index, const std::string& what) const {
  if (lua_type(L_, index) != LUA_TSTRING) fail(what + " must be a text");
  size_t size = 0;
  const char* bytes = lua_tolstring(L_, index, &size);
  return {bytes, size};
}

std::optional<std::string> TableReader::text(int table, const char* name) const {
  if (!push(table, name)) return std::nullopt;
  std::string value = textAt(-1, name);
  lua_pop(L_, 1);
  if (value.empty()) fail(fmt::format("'{}' is empty", name));
  return value;
}

std::optional<int64_t> TableReader::integer(int table, const char* name) const {
  if (!push(table, name)) return std::nullopt;
  int is_integer = 0;
  const lua_Integer value = lua_tointegerx(L_, -1, &is_integer);
  if (is_integer == 0 || lua_type(L_, -1) != LUA_TNUMBER) {
    fail(fmt::format("'{}' must be a whole number", name));
  }
  lua_pop(L_, 1);
  return value;
}

bool TableReader::flag(int table, const char* name) const {
  if (!push(table, name)) return false;
  if (!lua_isboolean(L_, -1)) fail(fmt::format("'{}' must be true or false", name));
  const bool value = lua_toboolean(L_, -1) != 0;
  lua_pop(L_, 1);
  return value;
}

lua_Integer TableReader::listLength(int index, const std::string& what) const {
  if (lua_type(L_, index) != LUA_TTABLE) fail(what + " must be a list");
  index = lua_absindex(L_, index);
  const auto length = static_cast<lua_Integer>(lua_rawlen(L_, index));
  lua_Integer members = 0;
  lua_pushnil(L_);
  while (lua_next(L_, index) != 0) {
    lua_pop(L_, 1);
    ++members;
    if (lua_isinteger(L_, -1) == 0) fail(what + " must be a list, without names");
  }
  if (members != length) fail(what + " must be a list without holes");
  return length;
}

std::vector<std::string> TableReader::textsAt(int index, const std::string& what) const {
  if (lua_type(L_, index) == LUA_TSTRING) return {textAt(index, what)};
  index = lua_absindex(L_, index);
  std::vector<std::string> all;
  const lua_Integer length = listLength(index, what);
  for (lua_Integer i = 1; i <= length; ++i) {
    lua_rawgeti(L_, index, i);
    all.push_back(textAt(-1, what));
    lua_pop(L_, 1);
    if (all.back().empty()) fail(what + " has an empty text");
  }
  if (all.empty()) fail(what + " is empty");
  return all;
}

std::vector<std::string> TableReader::texts(int table, const char* name) const {
  if (!push(table, name)) return {};
  auto all = textsAt(-1, name);
  lua_pop(L_, 1);
  return all;
}

}  // namespace junctor::script
