#pragma once
// The function tables of the sandbox. Every function that loops charges the budget; none shows an
// address; none reaches outside the state.
#include <string>
#include <string_view>

#include "script/lua_api.h"

namespace junctor::script {

// Each pushes one table of functions.
void pushBaseLibrary(lua_State* L);
void pushStringLibrary(lua_State* L);
void pushTableLibrary(lua_State* L);
void pushMathLibrary(lua_State* L);
void pushUtf8Library(lua_State* L);
void pushJnLibrary(lua_State* L);
void pushTestLibrary(lua_State* L);  // the `t` of tests

extern const luaL_Reg kPatternFunctions[];  // string.find, match, gmatch, gsub
extern const luaL_Reg kTimeFunctions[];     // jn.time, iso8601, unix_ms
// Adds the stock string functions that cannot run away to the table on top.
void addStockStrings(lua_State* L);

extern const luaL_Reg kMapFunctions[];  // jn.e164, bimap, has, to_external, from_external, lookup
int jnLookup(lua_State* L);             // also ctx.lookup
// The transform of the mapping format that a value stands for: jn.lower, jn.e164("CZ"), a text, a
// table. Appends it as JSON. False: it stands for none.
bool transformJson(lua_State* L, int index, std::string& out);

// ctx.rand and ctx.local_hour.
int ctxRand(lua_State* L);
int ctxLocalHour(lua_State* L);

// The C function at `index` remembers nothing between calls (an iterator does).
bool keepsNoState(lua_State* L, int index);
// Pushes the value as text, as tostring() shows it.
void pushDisplay(lua_State* L, int index);
std::string_view checkText(lua_State* L, int argument);
// A time given as RFC 3339 text, Unix seconds or Unix milliseconds.
bool readTime(lua_State* L, int index, int64_t& unix_ms);

}  // namespace junctor::script
