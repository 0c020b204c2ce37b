// jn's helpers around mappings: transforms by name, conversions, lookup tables.
#include <algorithm>
#include <string>
#include <vector>

#include "mapping/transform.h"
#include "script/lib.h"
#include "script/lua_value.h"
#include "script/mapper.h"
#include "script/ruleset.h"
#include "script/view.h"

namespace junctor::script {
namespace {

using mapping::Direction;
using mapping::Value;

bool isCountry(std::string_view text) {
  return text.size() == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z';
}

// jn.e164("CZ"): the transform; jn.e164(text [, country]): the number, or nil.
int e164(lua_State* L) {
  contextOf(L).budget.charge(L, 8);
  const bool one = lua_isnoneornil(L, 2);
  if (lua_type(L, 1) != LUA_TSTRING) return 0;
  const std::string_view text = checkText(L, 1);
  if (one && isCountry(text)) {
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "e164");
    return 1;
  }
  constexpr size_t kNumberMax = 64;
  if (text.size() > kNumberMax) return 0;
  mapping::Transform transform;
  transform.kind = mapping::Transform::Kind::E164;
  if (!one) {
    transform.argument = checkText(L, 2);
    if (!isCountry(transform.argument)) return luaL_error(L, "a country is two letters, \"CZ\"");
  }
  const auto number = apply(transform, Value::text(std::string(text)), Direction::ToExternal);
  if (!number) return 0;
  lua_pushlstring(L, number->asText().data(), number->asText().size());
  return 1;
}

// Calling a bimap: words("lead") is the provider's word, words("Lead", "in") ours; nil if none.
int bimapCall(lua_State* L) {
  contextOf(L).budget.charge(L, 4);
  const bool in = !lua_isnoneornil(L, 3) && checkText(L, 3) == "in";
  lua_getfield(L, 1, "enum");
  const int list = lua_gettop(L);
  if (lua_type(L, list) != LUA_TTABLE) return luaL_error(L, "not a bimap");
  const auto length = static_cast<lua_Integer>(lua_rawlen(L, list));
  for (lua_Integer i = 1; i <= length; ++i) {
    contextOf(L).budget.charge(L, 2);
    if (lua_rawgeti(L, list, i) == LUA_TTABLE) {
      lua_rawgeti(L, -1, in ? 2 : 1);
      const bool found = lua_rawequal(L, -1, 2) != 0;
      lua_pop(L, 1);
      if (found) return lua_rawgeti(L, -1, in ? 1 : 2), 1;
    }
    lua_pop(L, 1);
  }
  return 0;
}

// jn.bimap { ours = "Theirs" }: an enum transform, callable.
int bimap(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  std::vector<std::string_view> words;
  lua_settop(L, 1);
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    contextOf(L).budget.charge(L, 4);
    if (lua_type(L, -2) != LUA_TSTRING) return luaL_error(L, "jn.bimap wants text keys");
    words.push_back(checkText(L, -2));
    lua_pop(L, 1);
  }
  std::sort(words.begin(), words.end());
  lua_createtable(L, 0, 1);
  lua_createtable(L, static_cast<int>(words.size()), 0);
  lua_Integer i = 0;
  for (const std::string_view word : words) {
    lua_createtable(L, 2, 0);
    lua_pushlstring(L, word.data(), word.size());
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, 1);
    lua_rawget(L, 1);
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, ++i);
  }
  lua_setfield(L, 2, "enum");
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, bimapCall);
  lua_setfield(L, -2, "__call");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, 2);
  return 1;
}

const CompiledRuleset& rulesOf(lua_State* L, const char* what) {
  const Context& context = contextOf(L);
  if (context.rules == nullptr || context.declarations_ref != LUA_NOREF) {
    luaL_error(L, "%s works inside handlers, not at the top level", what);
  }
  return *context.rules;
}

// jn.has(object, name): is the member there, be it null? Reading alone cannot tell null from
// absent.
int has(lua_State* L) {
  contextOf(L).budget.charge(L, 2);
  const std::string_view name = checkText(L, 2);
  bool there = false;
  if (isView(L, 1)) {
    there = toView(L, 1).find(name).valid();
  } else if (lua_type(L, 1) == LUA_TTABLE) {
    lua_pushvalue(L, 2);
    there = lua_rawget(L, 1) != LUA_TNIL;
  }
  lua_pushboolean(L, there ? 1 : 0);
  return 1;
}

// jn.to_external(name, object), jn.from_external(name, object): the converted object, and a list of
// what was lost, clipped or refused. Functions of jn.map (after_in, after_out) do not run here.
int convertThrough(lua_State* L, Direction direction, const char* what) {
  const CompiledRuleset& rules = rulesOf(L, what);
  const std::string name(checkText(L, 1));
  const auto entry = rules.mapping(name);
  if (!entry) return luaL_error(L, "there is no mapping '%s'", name.substr(0, 80).c_str());
  if (lua_isnil(L, 2)) return 0;
  const Value object = valueAt(L, 2);
  contextOf(L).budget.charge(L, static_cast<int64_t>(entry->mapping.fields.size()) * 20);
  const auto converted = convert(entry->mapping, direction, object);
  if (!converted) return luaL_error(L, "%s: %s", name.c_str(), converted.error().message.c_str());
  pushValue(L, converted->output);
  pushValue(L, issuesValue(converted->issues));
  return 2;
}

int toExternal(lua_State* L) {
  return convertThrough(L, Direction::ToExternal, "jn.to_external");
}
int fromExternal(lua_State* L) {
  return convertThrough(L, Direction::FromExternal, "jn.from_external");
}

}  // namespace

// jn.lookup(table, key): the value of the tenant's table, or nil.
int jnLookup(lua_State* L) {
  const CompiledRuleset& rules = rulesOf(L, "lookup");
  const std::string_view name = checkText(L, 1);
  const auto table = rules.tables.find(name);
  if (table == rules.tables.end()) {
    return luaL_error(L, "there is no table '%s'", std::string(name.substr(0, 80)).c_str());
  }
  contextOf(L).budget.charge(L, 4);
  const int type = lua_type(L, 2);
  if (type != LUA_TSTRING && type != LUA_TNUMBER) return 0;
  pushDisplay(L, 2);
  const auto found = table->second->values.find(checkText(L, -1));
  if (found == table->second->values.end()) return 0;
  pushJson(L, found->second);
  return 1;
}

const luaL_Reg kMapFunctions[] = {{"e164", e164},
                                  {"bimap", bimap},
                                  {"has", has},
                                  {"to_external", toExternal},
                                  {"from_external", fromExternal},
                                  {"lookup", jnLookup},
                                  {nullptr, nullptr}};

}  // namespace junctor::script
