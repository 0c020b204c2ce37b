// Base functions, and the harvest of the harmless ones of the stock libraries.
#include <initializer_list>

#include "script/flow_session.h"
#include "script/lib.h"
#include "script/view.h"

namespace junctor::script {
namespace {

// Runs the stock function in its upvalue after charging for the text it is given.
int metered(lua_State* L) {
  Budget& budget = contextOf(L).budget;
  int64_t units = 1 + lua_gettop(L);
  if (lua_type(L, 1) == LUA_TSTRING) units += static_cast<int64_t>(lua_rawlen(L, 1) / 16);
  budget.charge(L, units);
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

// Stack: library, stock library. Copies the named functions, metered.
void harvest(lua_State* L, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    lua_getfield(L, -1, name);
    if (lua_iscfunction(L, -1) != 0) lua_pushcclosure(L, metered, 1);
    lua_setfield(L, -3, name);
  }
  lua_pop(L, 1);
}

void openStock(lua_State* L, lua_CFunction open) {
  lua_pushcfunction(L, open);
  lua_call(L, 0, 1);
}

int ipairsNext(lua_State* L) {
  const lua_Integer i = lua_tointeger(L, 2) + 1;
  lua_pushinteger(L, i);
  return lua_rawgeti(L, 1, i) == LUA_TNIL ? 1 : 2;
}

int nothing(lua_State*) {
  return 0;
}

int ipairs(lua_State* L) {
  luaL_checkany(L, 1);
  if (isView(L, 1)) {
    if (!toView(L, 1).isArray()) return lua_pushcfunction(L, nothing), 1;
    return pushViewIterator(L, 1), 1;
  }
  if (lua_isnil(L, 1)) return lua_pushcfunction(L, nothing), 1;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_pushcfunction(L, ipairsNext);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 0);
  return 3;
}

int next(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  if (lua_next(L, 1) != 0) return 2;
  lua_pushnil(L);
  return 1;
}

int pairs(lua_State* L) {
  luaL_checkany(L, 1);
  if (isView(L, 1)) return pushViewIterator(L, 1), 1;
  if (lua_isnil(L, 1)) return lua_pushcfunction(L, nothing), 1;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_pushcfunction(L, next);
  lua_pushvalue(L, 1);
  return 2;
}

// An abort is no error that a script may catch, and neither is the end of memory or the wait for a
// step.
int pcall(lua_State* L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, 1);
  lua_insert(L, 1);
  const int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
  Budget& budget = contextOf(L).budget;
  if (budget.aborted() != Abort::None) budget.raise(L);
  if (status == LUA_OK) return lua_gettop(L);
  if (flowEnded(L)) return lua_error(L);
  if (status == LUA_ERRMEM) budget.abort(L, Abort::Memory);
  lua_pushboolean(L, 0);
  lua_insert(L, -2);
  return 2;
}

int tostring(lua_State* L) {
  luaL_checkany(L, 1);
  pushDisplay(L, 1);
  return 1;
}

int type(lua_State* L) {
  luaL_checkany(L, 1);
  if (isView(L, 1)) {
    lua_pushliteral(L, "table");
  } else if (isNull(L, 1)) {
    lua_pushliteral(L, "null");
  } else {
    lua_pushstring(L, luaL_typename(L, 1));
  }
  return 1;
}

int unknownName(lua_State* L) {
  const char* name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
  return luaL_error(L, "there is no '%s' in rules", name);
}

}  // namespace

bool keepsNoState(lua_State* L, int index) {
  return lua_tocfunction(L, index) == metered || lua_upvalueid(L, index, 1) == nullptr;
}

void pushDisplay(lua_State* L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TSTRING:
      lua_pushvalue(L, index);
      return;
    case LUA_TNUMBER:
      lua_pushvalue(L, index);
      lua_tolstring(L, -1, nullptr);
      return;
    case LUA_TBOOLEAN:
      lua_pushstring(L, lua_toboolean(L, index) != 0 ? "true" : "false");
      return;
    default:
      break;
  }
  if (isView(L, index)) {
    lua_pushliteral(L, "table");
  } else if (isNull(L, index)) {
    lua_pushliteral(L, "null");
  } else {
    lua_pushstring(L, luaL_typename(L, index));
  }
}

std::string_view checkText(lua_State* L, int argument) {
  size_t size = 0;
  const char* text = luaL_checklstring(L, argument, &size);
  return {text, size};
}

void pushBaseLibrary(lua_State* L) {
  constexpr luaL_Reg kOwn[] = {{"ipairs", ipairs}, {"next", next}, {"pairs", pairs},
                               {"pcall", pcall},   {"type", type}, {"tostring", tostring},
                               {nullptr, nullptr}};
  luaL_newlib(L, kOwn);
  openStock(L, luaopen_base);
  harvest(L, {"assert", "error", "select", "tonumber"});
  lua_newtable(L);
  lua_pushcfunction(L, unknownName);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
}

void addStockStrings(lua_State* L) {
  openStock(L, luaopen_string);
  harvest(L, {"byte", "char", "len", "lower", "reverse", "sub", "upper"});
}

void pushMathLibrary(lua_State* L) {
  lua_newtable(L);
  openStock(L, luaopen_math);
  harvest(L, {"abs",  "acos", "asin", "atan", "ceil",       "cos",  "deg",        "exp",  "floor",
              "fmod", "huge", "log",  "max",  "maxinteger", "min",  "mininteger", "modf", "pi",
              "rad",  "sin",  "sqrt", "tan",  "tointeger",  "type", "ult"});
}

void pushUtf8Library(lua_State* L) {
  lua_newtable(L);
  openStock(L, luaopen_utf8);
  harvest(L, {"char", "charpattern", "codepoint", "len", "offset"});
}

}  // namespace junctor::script
