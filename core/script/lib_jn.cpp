// jn: the helpers of the rule API. sdk/lua/jn.d.lua documents each for authors.
#include <algorithm>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "script/flow_session.h"
#include "script/lib.h"
#include "script/result_writer.h"
#include "script/view.h"

namespace junctor::script {
namespace {

void charge(lua_State* L, int64_t units = 2) {
  contextOf(L).budget.charge(L, units);
}

void pushText(lua_State* L, std::string_view text) {
  contextOf(L).budget.chargeBytes(L, text.size());
  lua_pushlstring(L, text.data(), text.size());
}

// The text of a string or number, or nothing.
bool scalarText(lua_State* L, int index, std::string& out) {
  const int type = lua_type(L, index);
  if (type != LUA_TSTRING && type != LUA_TNUMBER) return false;
  pushDisplay(L, index);
  out = checkText(L, -1);
  lua_pop(L, 1);
  return true;
}

// jn.id(part, …): the parts joined by ":"; nil if one is missing, so that no two things share an
// id.
int id(lua_State* L) {
  std::string all;
  std::string part;
  const int count = lua_gettop(L);
  for (int i = 1; i <= count; ++i) {
    if (!scalarText(L, i, part) || part.empty()) return 0;
    if (i > 1) all += ':';
    all += part;
  }
  if (all.empty()) return 0;
  pushText(L, all);
  return 1;
}

// jn.clip(text, characters): at most so many characters, cut between them.
int clip(lua_State* L) {
  const lua_Integer most = luaL_checkinteger(L, 2);
  std::string text;
  if (!scalarText(L, 1, text)) return 0;
  lua_Integer seen = 0;
  size_t end = 0;
  for (; end < text.size(); ++end) {
    const bool starts = (static_cast<unsigned char>(text[end]) & 0xc0) != 0x80;
    if (starts && ++seen > most) break;
  }
  pushText(L, std::string_view(text).substr(0, end));
  return 1;
}

bool valueListed(lua_State* L, int table, int value) {
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    charge(L, 1);
    const bool same = lua_rawequal(L, -1, value) != 0;
    lua_pop(L, same ? 2 : 1);
    if (same) return true;
  }
  return false;
}

// jn.enum(names, value [, default]): names[value], or names[lower case of value], or value itself
// if it is one of the results, or the default.
int enumeration(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 3);
  charge(L);
  if (!lua_isnil(L, 2)) {
    lua_pushvalue(L, 2);
    if (lua_rawget(L, 1) != LUA_TNIL) return 1;
    if (lua_type(L, 2) == LUA_TSTRING) {
      pushText(L, lowerAscii(checkText(L, 2)));
      lua_pushvalue(L, -1);
      if (lua_rawget(L, 1) != LUA_TNIL) return 1;
      lua_pop(L, 1);
      if (valueListed(L, 1, lua_gettop(L))) return 1;
    }
  }
  lua_pushvalue(L, 3);
  return 1;
}

std::string_view trimBlanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// jn.email(text): the address in lower case, without a display name; nil if it is none.
int email(lua_State* L) {
  constexpr size_t kAddressMax = 320;
  if (lua_type(L, 1) != LUA_TSTRING) return 0;
  std::string_view text = checkText(L, 1);
  contextOf(L).budget.chargeBytes(L, text.size());
  const size_t open = text.rfind('<');
  if (open != text.npos && text.find('>', open) != text.npos) {
    text = text.substr(open + 1, text.find('>', open) - open - 1);
  }
  text = trimBlanks(text);
  const size_t at = text.find('@');
  const bool shaped = at != text.npos && at > 0 && at + 1 < text.size() &&
                      text.find('@', at + 1) == text.npos && text.size() <= kAddressMax &&
                      text.find_first_of(" \t\r\n,;<>\"") == text.npos;
  if (!shaped) return 0;
  pushText(L, lowerAscii(text));
  return 1;
}

void markArray(lua_State* L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, contextOf(L).array_metatable_ref);
  lua_setmetatable(L, -2);
}

// Stack: …, element. Replaces it with what the mapping (argument 2: function or field name) makes.
void applyMapping(lua_State* L) {
  charge(L);
  if (lua_type(L, 2) == LUA_TFUNCTION) {
    lua_pushvalue(L, 2);
    lua_insert(L, -2);
    lua_call(L, 1, 1);
    return;
  }
  lua_pushvalue(L, 2);
  lua_gettable(L, -2);
  lua_remove(L, -2);
}

int declareMap(lua_State* L);

// jn.map(list, f): the results of f over the list, nil ones left out. f may name a field instead.
// jn.map { … } declares a mapping.
int map(lua_State* L) {
  if (lua_gettop(L) == 1 && lua_type(L, 1) == LUA_TTABLE) return declareMap(L);
  const int f = lua_type(L, 2);
  luaL_argexpected(L, f == LUA_TFUNCTION || f == LUA_TSTRING, 2, "function or field name");
  if (lua_isnil(L, 1)) return 0;
  lua_settop(L, 2);
  const JsonView view = toView(L, 1);
  if (!view.valid()) luaL_checktype(L, 1, LUA_TTABLE);
  lua_newtable(L);
  markArray(L);
  lua_Integer kept = 0;
  const auto keep = [&] {
    applyMapping(L);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
    } else {
      lua_rawseti(L, 3, ++kept);
    }
  };
  if (view.valid()) {
    if (!view.isArray()) return luaL_error(L, "jn.map wants a list");
    for (auto it = view.begin(), end = view.end(); it != end; ++it) {
      pushJson(L, *it);
      keep();
    }
    return 1;
  }
  const auto length = static_cast<lua_Integer>(lua_rawlen(L, 1));
  for (lua_Integer i = 1; i <= length; ++i) {
    lua_rawgeti(L, 1, i);
    keep();
  }
  return 1;
}

// jn.first(…): the first value that is neither nil, null nor empty text.
int first(lua_State* L) {
  const int count = lua_gettop(L);
  charge(L, count);
  for (int i = 1; i <= count; ++i) {
    const bool empty =
        lua_isnil(L, i) || isNull(L, i) || (lua_type(L, i) == LUA_TSTRING && lua_rawlen(L, i) == 0);
    if (empty) continue;
    lua_pushvalue(L, i);
    return 1;
  }
  return 0;
}

// jn.pick(object, name, …): a new table with those members.
int pick(lua_State* L) {
  const int count = lua_gettop(L);
  charge(L, count);
  lua_newtable(L);
  if (lua_isnil(L, 1)) return 1;
  for (int i = 2; i <= count; ++i) {
    checkText(L, i);
    lua_pushvalue(L, i);
    lua_pushvalue(L, i);
    lua_gettable(L, 1);
    lua_rawset(L, count + 1);
  }
  return 1;
}

// jn.array(list): the same table, written as a JSON array even when empty.
int array(lua_State* L) {
  if (lua_isnoneornil(L, 1)) {
    lua_settop(L, 0);
    lua_newtable(L);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  markArray(L);
  return 1;
}

// Upvalues: table, its sorted keys, position.
int sortedNext(lua_State* L) {
  const lua_Integer i = lua_tointeger(L, lua_upvalueindex(3)) + 1;
  lua_pushinteger(L, i);
  lua_replace(L, lua_upvalueindex(3));
  charge(L);
  if (lua_rawgeti(L, lua_upvalueindex(2), i) == LUA_TNIL) return 1;
  lua_pushvalue(L, -1);
  lua_rawget(L, lua_upvalueindex(1));
  return 2;
}

// jn.sorted(table): iterates in the order of its keys, which must be text.
int sorted(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  std::vector<std::string_view> keys;
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING) return luaL_error(L, "jn.sorted wants text keys");
    keys.push_back(checkText(L, -1));
    charge(L, 4);
    if (keys.size() > limits::kRuleSortMax) return luaL_error(L, "table too big");
  }
  std::sort(keys.begin(), keys.end());
  lua_pushvalue(L, 1);
  lua_createtable(L, static_cast<int>(keys.size()), 0);
  lua_Integer i = 0;
  for (const std::string_view key : keys) {
    lua_pushlstring(L, key.data(), key.size());
    lua_rawseti(L, -2, ++i);
  }
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, sortedNext, 3);
  return 1;
}

int lower(lua_State* L) {
  std::string text;
  if (!scalarText(L, 1, text)) return 0;
  pushText(L, lowerAscii(text));
  return 1;
}

// jn.number(value): the number, also of numeric text; nil for anything else.
int number(lua_State* L) {
  charge(L);
  if (lua_type(L, 1) == LUA_TSTRING) {
    const std::string_view text = checkText(L, 1);
    constexpr size_t kDigitsMax = 64;
    if (text.size() > kDigitsMax) return 0;
    return lua_stringtonumber(L, text.data()) == text.size() + 1 ? 1 : 0;
  }
  if (lua_type(L, 1) != LUA_TNUMBER) return 0;
  lua_settop(L, 1);
  return 1;
}

// jn.hash(text): SHA-256 in hex.
int hash(lua_State* L) {
  const std::string_view text = checkText(L, 1);
  charge(L, 50 + static_cast<int64_t>(text.size() / 8));
  pushText(L, crypto::sha256Hex(text));
  return 1;
}

// jn.log(…): a line of the trace.
int log(lua_State* L) {
  Context& context = contextOf(L);
  const int count = lua_gettop(L);
  charge(L, 1 + count);
  if (++context.log_lines > limits::kRuleLogLinesMax || context.log == nullptr) return 0;
  std::string line = "log: ";
  for (int i = 1; i <= count && line.size() < limits::kRuleLogLineBytesMax; ++i) {
    if (i > 1) line += ' ';
    pushDisplay(L, i);
    line += checkText(L, -1).substr(0, limits::kRuleLogLineBytesMax);
    lua_pop(L, 1);
  }
  line.resize(std::min(line.size(), limits::kRuleLogLineBytesMax));
  context.log->push_back(std::move(line));
  return 0;
}

// jn.normalize, jn.route, jn.map, jn.flow and jn.tests: note the table, marked with its kind and
// line.
template <int kKind>
int declare(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  const int list_ref = contextOf(L).declarations_ref;
  if (list_ref == LUA_NOREF)
    return luaL_error(L, "rules are declared at the top level, not in handlers");
  lua_rawgeti(L, LUA_REGISTRYINDEX, list_ref);
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, 2));
  if (count >= static_cast<lua_Integer>(limits::kRulesPerScriptMax) * 3)
    return luaL_error(L, "too many declarations");
  lua_Debug caller{};
  lua_Integer line = 0;
  if (lua_getstack(L, 1, &caller) != 0 && lua_getinfo(L, "l", &caller) != 0)
    line = caller.currentline;
  lua_pushvalue(L, 1);
  lua_rawseti(L, 2, count + 1);
  lua_pushinteger(L, kKind);
  lua_rawseti(L, 2, count + 2);
  lua_pushinteger(L, line);
  lua_rawseti(L, 2, count + 3);
  lua_settop(L, 1);
  return 1;
}

int declareMap(lua_State* L) {
  return declare<2>(L);
}

// ctx.rand(): in [0, 1); the same sequence whenever the same event runs.
uint64_t seedOf(const Event& event) {
  return event.id.uuid.hi * 31 + event.id.uuid.lo;
}

}  // namespace

int ctxRand(lua_State* L) {
  Context& context = contextOf(L);
  if (!context.random_seeded) {
    context.random = SeededRandom(seedOf(context.fields->event()));
    context.random_seeded = true;
  }
  lua_pushnumber(L, context.random.unit());
  return 1;
}

bool transformJson(lua_State* L, int index, std::string& out) {
  const lua_CFunction function = lua_tocfunction(L, index);
  if (function == lower) return out += "\"lower\"", true;
  if (function == email) return out += "\"email\"", true;
  if (function == number) return out += "\"text\"", true;  // theirs is a text, ours a number
  for (const luaL_Reg* one = kTimeFunctions; one->name != nullptr; ++one) {
    if (function == nullptr || one->func != function) continue;
    const bool unix = std::string_view(one->name) == "unix_ms";
    return out += unix ? R"({"time":"unix_ms"})" : R"({"time":"rfc3339"})", true;
  }
  for (const luaL_Reg* one = kMapFunctions; one->name != nullptr; ++one) {
    const bool e164 = std::string_view(one->name) == "e164";
    if (function != nullptr && e164 && one->func == function) return out += "\"e164\"", true;
  }
  if (function != nullptr || lua_isfunction(L, index)) return false;
  ResultWriter writer(L);
  writer.value(index);
  out += writer.take();
  return true;
}

void pushJnLibrary(lua_State* L) {
  constexpr luaL_Reg kFunctions[] = {{"all", jnAll},
                                     {"array", array},
                                     {"clip", clip},
                                     {"email", email},
                                     {"enum", enumeration},
                                     {"first", first},
                                     {"flow", declare<4>},
                                     {"hash", hash},
                                     {"id", id},
                                     {"log", log},
                                     {"lower", lower},
                                     {"map", map},
                                     {"normalize", declare<0>},
                                     {"number", number},
                                     {"pick", pick},
                                     {"route", declare<1>},
                                     {"sorted", sorted},
                                     {"tests", declare<3>},
                                     {nullptr, nullptr}};
  luaL_newlib(L, kFunctions);
  luaL_setfuncs(L, kTimeFunctions, 0);
  luaL_setfuncs(L, kMapFunctions, 0);
  pushNull(L);
  lua_setfield(L, -2, "null");
}

}  // namespace junctor::script
