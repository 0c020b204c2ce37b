// table: own functions with raw access, bounded ranges and a merge sort that any comparison
// function leaves in bounds.
#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "base/limits.h"
#include "script/context.h"
#include "script/lib.h"

namespace junctor::script {
namespace {

constexpr lua_Integer kUnpackMax = 4096;

lua_Integer lengthOf(lua_State* L, int argument) {
  luaL_checktype(L, argument, LUA_TTABLE);
  return static_cast<lua_Integer>(lua_rawlen(L, argument));
}

int concat(lua_State* L) {
  const lua_Integer length = lengthOf(L, 1);
  const std::string_view separator = lua_isnoneornil(L, 2) ? "" : checkText(L, 2);
  const lua_Integer first = luaL_optinteger(L, 3, 1);
  const lua_Integer last = luaL_optinteger(L, 4, length);
  if (first < 1 || last > length) return luaL_error(L, "range outside the table");
  std::string out;
  for (lua_Integer i = first; i <= last; ++i) {
    lua_rawgeti(L, 1, i);
    if (lua_isstring(L, -1) == 0) {
      return luaL_error(L, "invalid value (a %s) at index %I in 'concat'", luaL_typename(L, -1), i);
    }
    const std::string_view part = checkText(L, -1);
    contextOf(L).budget.chargeBytes(L, part.size() + separator.size());
    if (out.size() + part.size() + separator.size() > limits::kRuleBlockBytesMax - 64) {
      return luaL_error(L, "resulting string too large");
    }
    out += part;
    if (i != last) out += separator;
    lua_pop(L, 1);
  }
  lua_pushlstring(L, out.data(), out.size());
  return 1;
}

int insert(lua_State* L) {
  const lua_Integer end = lengthOf(L, 1) + 1;
  lua_Integer position = end;
  if (lua_gettop(L) == 3) {
    position = luaL_checkinteger(L, 2);
    luaL_argcheck(L, position >= 1 && position <= end, 2, "position out of bounds");
  } else if (lua_gettop(L) != 2) {
    return luaL_error(L, "wrong number of arguments to 'insert'");
  }
  contextOf(L).budget.charge(L, 1 + end - position);
  for (lua_Integer i = end; i > position; --i) {
    lua_rawgeti(L, 1, i - 1);
    lua_rawseti(L, 1, i);
  }
  lua_rawseti(L, 1, position);
  return 0;
}

int remove(lua_State* L) {
  const lua_Integer size = lengthOf(L, 1);
  const lua_Integer position = luaL_optinteger(L, 2, size);
  if (size == 0 && (position == 0 || position == 1)) return lua_pushnil(L), 1;
  luaL_argcheck(L, position >= 1 && position <= size + 1, 2, "position out of bounds");
  contextOf(L).budget.charge(L, 1 + size - position);
  lua_rawgeti(L, 1, position);
  for (lua_Integer i = position; i < size; ++i) {
    lua_rawgeti(L, 1, i + 1);
    lua_rawseti(L, 1, i);
  }
  if (position <= size) {
    lua_pushnil(L);
    lua_rawseti(L, 1, size);
  }
  return 1;
}

int unpack(lua_State* L) {
  const lua_Integer length = lengthOf(L, 1);
  const lua_Integer first = luaL_optinteger(L, 2, 1);
  const lua_Integer last = luaL_optinteger(L, 3, length);
  if (first > last) return 0;
  const lua_Unsigned count = static_cast<lua_Unsigned>(last) - static_cast<lua_Unsigned>(first);
  if (count >= static_cast<lua_Unsigned>(kUnpackMax))
    return luaL_error(L, "too many results to unpack");
  const int results = static_cast<int>(count) + 1;
  contextOf(L).budget.charge(L, results);
  luaL_checkstack(L, results, "too many results to unpack");
  for (int i = 0; i < results; ++i) lua_rawgeti(L, 1, first + i);
  return results;
}

using Order = std::vector<int>;

// Is element `a` of the table at 1 before element `b`?
bool before(lua_State* L, int a, int b) {
  contextOf(L).budget.charge(L, 2);
  if (lua_isnil(L, 2)) {
    lua_rawgeti(L, 1, a);
    lua_rawgeti(L, 1, b);
    const bool result = lua_compare(L, -2, -1, LUA_OPLT) != 0;
    lua_pop(L, 2);
    return result;
  }
  lua_pushvalue(L, 2);
  lua_rawgeti(L, 1, a);
  lua_rawgeti(L, 1, b);
  lua_call(L, 2, 1);
  const bool result = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return result;
}

void mergeSort(lua_State* L, Order& items, Order& scratch, size_t from, size_t to) {
  if (to - from < 2) return;
  const size_t middle = from + (to - from) / 2;
  mergeSort(L, items, scratch, from, middle);
  mergeSort(L, items, scratch, middle, to);
  size_t left = from;
  size_t right = middle;
  for (size_t out = from; out < to; ++out) {
    const bool take_right = left == middle || (right < to && before(L, items[right], items[left]));
    scratch[out] = take_right ? items[right++] : items[left++];
  }
  std::copy(scratch.begin() + static_cast<ptrdiff_t>(from),
            scratch.begin() + static_cast<ptrdiff_t>(to),
            items.begin() + static_cast<ptrdiff_t>(from));
}

int sort(lua_State* L) {
  const lua_Integer size = lengthOf(L, 1);
  if (size > static_cast<lua_Integer>(limits::kRuleSortMax)) return luaL_error(L, "array too big");
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  Order order(static_cast<size_t>(size));
  std::iota(order.begin(), order.end(), 1);
  Order scratch(order.size());
  mergeSort(L, order, scratch, 0, order.size());
  lua_createtable(L, static_cast<int>(size), 0);
  for (size_t i = 0; i < order.size(); ++i) {
    lua_rawgeti(L, 1, order[i]);
    lua_rawseti(L, 3, static_cast<lua_Integer>(i + 1));
  }
  for (lua_Integer i = 1; i <= size; ++i) {
    lua_rawgeti(L, 3, i);
    lua_rawseti(L, 1, i);
  }
  return 0;
}

}  // namespace

void pushTableLibrary(lua_State* L) {
  constexpr luaL_Reg kFunctions[] = {{"concat", concat}, {"insert", insert}, {"remove", remove},
                                     {"sort", sort},     {"unpack", unpack}, {nullptr, nullptr}};
  luaL_newlib(L, kFunctions);
}

}  // namespace junctor::script
