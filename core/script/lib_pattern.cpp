// string.find, match, gmatch and gsub over the metered Pattern.
#include <algorithm>
#include <cstring>
#include <string>

#include "base/limits.h"
#include "script/context.h"
#include "script/lib.h"
#include "script/pattern.h"

namespace junctor::script {
namespace {

// Charges what the matching cost since the last call, and raises what is no plain "no match".
void settle(lua_State* L, const Pattern& pattern, int64_t& charged, Pattern::Status status) {
  Budget& budget = contextOf(L).budget;
  if (status == Pattern::Status::TooManySteps) budget.abort(L, Abort::Pattern);
  if (status == Pattern::Status::TooDeep) luaL_error(L, "pattern too complex");
  if (status == Pattern::Status::Malformed) luaL_error(L, "%s", pattern.problem());
  budget.charge(L, 1 + (pattern.steps() - charged) / 8);
  charged = pattern.steps();
}

void pushCapture(lua_State* L, const Pattern& pattern, std::string_view text, int i, size_t start) {
  if (i >= pattern.captures()) {
    if (i != 0) luaL_error(L, "invalid capture index");
    lua_pushlstring(L, text.data() + start, pattern.end() - start);
    return;
  }
  const Pattern::Capture& capture = pattern.capture(i);
  if (capture.size == Pattern::kPosition) {
    lua_pushinteger(L, static_cast<lua_Integer>(capture.start + 1));
  } else {
    lua_pushlstring(L, text.data() + capture.start, static_cast<size_t>(capture.size));
  }
}

// The captures, or the whole match if there are none and `whole`.
int pushCaptures(lua_State* L, const Pattern& pattern, std::string_view text, size_t start,
                 bool whole) {
  const int count = pattern.captures() == 0 && whole ? 1 : pattern.captures();
  luaL_checkstack(L, count, "too many captures");
  for (int i = 0; i < count; ++i) pushCapture(L, pattern, text, i, start);
  return count;
}

// Start position of an `init` argument, 0-based; beyond the end if there is none.
size_t startOf(lua_State* L, int argument, size_t size) {
  const lua_Integer init = luaL_optinteger(L, argument, 1);
  if (init > 0) return static_cast<size_t>(init - 1);
  if (init == 0 || init < -static_cast<lua_Integer>(size)) return 0;
  return size - static_cast<size_t>(-init);
}

int findPlain(lua_State* L, std::string_view text, std::string_view wanted, size_t start) {
  contextOf(L).budget.charge(L, 1 + static_cast<int64_t>((text.size() - start) / 16));
  size_t at = start;
  if (!wanted.empty()) {
    const void* hit =
        memmem(text.data() + start, text.size() - start, wanted.data(), wanted.size());
    if (hit == nullptr) return lua_pushnil(L), 1;
    at = static_cast<size_t>(static_cast<const char*>(hit) - text.data());
  }
  lua_pushinteger(L, static_cast<lua_Integer>(at + 1));
  lua_pushinteger(L, static_cast<lua_Integer>(at + wanted.size()));
  return 2;
}

int search(lua_State* L, bool find) {
  const std::string_view text = checkText(L, 1);
  std::string_view wanted = checkText(L, 2);
  size_t start = startOf(L, 3, text.size());
  if (start > text.size()) return lua_pushnil(L), 1;
  if (find && (lua_toboolean(L, 4) != 0 || Pattern::plain(wanted))) {
    return findPlain(L, text, wanted, start);
  }
  const bool anchored = wanted.starts_with('^');
  if (anchored) wanted.remove_prefix(1);
  Pattern pattern(text, wanted);
  int64_t charged = 0;
  do {
    const Pattern::Status status = pattern.matchAt(start);
    settle(L, pattern, charged, status);
    if (status != Pattern::Status::Match) continue;
    if (!find) return pushCaptures(L, pattern, text, start, true);
    lua_pushinteger(L, static_cast<lua_Integer>(start + 1));
    lua_pushinteger(L, static_cast<lua_Integer>(pattern.end()));
    return 2 + pushCaptures(L, pattern, text, start, false);
  } while (++start <= text.size() && !anchored);
  lua_pushnil(L);
  return 1;
}

int find(lua_State* L) {
  return search(L, true);
}
int match(lua_State* L) {
  return search(L, false);
}

// Upvalues: text, pattern, next start, end of the last match (-1: none).
int gmatchNext(lua_State* L) {
  const std::string_view text = checkText(L, lua_upvalueindex(1));
  const std::string_view wanted = checkText(L, lua_upvalueindex(2));
  const lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
  Pattern pattern(text, wanted);
  int64_t charged = 0;
  for (auto start = static_cast<size_t>(lua_tointeger(L, lua_upvalueindex(3)));
       start <= text.size(); ++start) {
    const Pattern::Status status = pattern.matchAt(start);
    settle(L, pattern, charged, status);
    const auto end = static_cast<lua_Integer>(pattern.end());
    if (status != Pattern::Status::Match || end == last) continue;
    lua_pushinteger(L, end);
    lua_copy(L, -1, lua_upvalueindex(3));
    lua_replace(L, lua_upvalueindex(4));
    return pushCaptures(L, pattern, text, start, true);
  }
  return 0;
}

int gmatch(lua_State* L) {
  const std::string_view text = checkText(L, 1);
  checkText(L, 2);
  const size_t start = startOf(L, 3, text.size());
  lua_settop(L, 2);
  lua_pushinteger(L, static_cast<lua_Integer>(std::min(start, text.size() + 1)));
  lua_pushinteger(L, -1);
  lua_pushcclosure(L, gmatchNext, 4);
  return 1;
}

class Substitution {
 public:
  Substitution(lua_State* L, std::string_view text, std::string_view wanted)
      : L_(L),
        text_(text),
        anchored_(wanted.starts_with('^')),
        pattern_(text, anchored_ ? wanted.substr(1) : wanted) {}

  ~Substitution() { contextOf(L_).budget.release(held_); }
  Substitution(const Substitution&) = delete;
  Substitution& operator=(const Substitution&) = delete;

  int run(lua_Integer replacements_max) {
    size_t position = 0;
    size_t last_end = static_cast<size_t>(-1);
    lua_Integer count = 0;
    while (count < replacements_max) {
      const Pattern::Status status = pattern_.matchAt(position);
      settle(L_, pattern_, charged_, status);
      if (status == Pattern::Status::Match && pattern_.end() != last_end) {
        ++count;
        replace(position);
        position = last_end = pattern_.end();
      } else if (position < text_.size()) {
        append(text_.substr(position++, 1));
      } else {
        break;
      }
      if (anchored_) break;
    }
    if (position < text_.size()) append(text_.substr(position));
    lua_pushlstring(L_, out_.data(), out_.size());
    lua_pushinteger(L_, count);
    return 2;
  }

 private:
  void append(std::string_view part) {
    if (out_.size() + part.size() > limits::kRuleBlockBytesMax - 64) {
      luaL_error(L_, "resulting string too large");
    }
    contextOf(L_).budget.chargeBytes(L_, part.size());
    out_.append(part);
    if (out_.capacity() == held_) return;
    const size_t grown = out_.capacity() - held_;
    held_ = out_.capacity();
    contextOf(L_).budget.hold(L_, grown);
  }

  // Appends what stands for the match that began at `start`.
  void replace(size_t start) {
    switch (lua_type(L_, 3)) {
      case LUA_TFUNCTION:
        lua_pushvalue(L_, 3);
        lua_call(L_, pushCaptures(L_, pattern_, text_, start, true), 1);
        break;
      case LUA_TTABLE:
        pushCapture(L_, pattern_, text_, 0, start);
        lua_rawget(L_, 3);
        break;
      default:
        return expand(start);
    }
    if (lua_toboolean(L_, -1) == 0) {
      append(text_.substr(start, pattern_.end() - start));
    } else if (lua_isstring(L_, -1) != 0) {
      append(checkText(L_, -1));
    } else {
      luaL_error(L_, "invalid replacement value (a %s)", luaL_typename(L_, -1));
    }
    lua_pop(L_, 1);
  }

  void expand(size_t start) {
    const std::string_view with = checkText(L_, 3);
    for (size_t i = 0; i < with.size(); ++i) {
      if (with[i] != '%') {
        append(with.substr(i, 1));
        continue;
      }
      const char digit = ++i < with.size() ? with[i] : '\0';
      if (digit == '%') {
        append("%");
      } else if (digit == '0') {
        append(text_.substr(start, pattern_.end() - start));
      } else if (digit >= '1' && digit <= '9') {
        pushCapture(L_, pattern_, text_, digit - '1', start);
        append(checkText(L_, -1));
        lua_pop(L_, 1);
      } else {
        luaL_error(L_, "invalid use of '%%' in replacement string");
      }
    }
  }

  lua_State* L_;
  std::string_view text_;
  bool anchored_;
  Pattern pattern_;
  int64_t charged_ = 0;
  std::string out_;
  size_t held_ = 0;
};

int gsub(lua_State* L) {
  const std::string_view text = checkText(L, 1);
  const std::string_view wanted = checkText(L, 2);
  const int type = lua_type(L, 3);
  luaL_argexpected(
      L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE,
      3, "string/function/table");
  const lua_Integer most = luaL_optinteger(L, 4, static_cast<lua_Integer>(text.size() + 1));
  return Substitution(L, text, wanted).run(most);
}

}  // namespace

const luaL_Reg kPatternFunctions[] = {
    {"find", find}, {"gmatch", gmatch}, {"gsub", gsub}, {"match", match}, {nullptr, nullptr}};

}  // namespace junctor::script
