#include "script/freshness.h"

#include <algorithm>

#include "script/lib.h"

namespace junctor::script {
namespace {

// Checking costs about as much per entry as building it again.
constexpr size_t kEntriesMax = 64;
constexpr int kReachDepthMax = 6;

bool sameTable(lua_State* L, size_t count) {  // stack: table, copy
  size_t seen = 0;
  lua_pushnil(L);
  while (lua_next(L, -3) != 0) {
    lua_pushvalue(L, -2);
    lua_rawget(L, -4);
    const bool same = ++seen <= count && lua_rawequal(L, -1, -2) != 0;
    lua_pop(L, 2);
    if (!same) return false;
  }
  return seen == count;
}

bool hasMetatable(lua_State* L, int index) {
  if (lua_getmetatable(L, index) == 0) return false;
  lua_pop(L, 1);
  return true;
}

}  // namespace

bool Freshness::capture(lua_State* L, const void* environment) {
  forget(L);
  environment_ = environment;
  lua_newtable(L);
  objects_ref_ = luaL_ref(L, LUA_REGISTRYINDEX);
  const int top = lua_gettop(L);
  const bool complete = visit(L, 0);
  lua_settop(L, top);
  if (!complete) forget(L);
  return complete;
}

void Freshness::forget(lua_State* L) {
  luaL_unref(L, LUA_REGISTRYINDEX, objects_ref_);
  objects_ref_ = LUA_NOREF;
  items_.clear();
  seen_.clear();
  entries_ = 0;
}

bool Freshness::firstVisit(lua_State* L) {
  const void* object = lua_topointer(L, -1);
  if (std::find(seen_.begin(), seen_.end(), object) != seen_.end()) return false;
  seen_.push_back(object);
  return true;
}

// Stack: object, value or copy. Pops the latter.
void Freshness::add(lua_State* L, Item item) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, objects_ref_);
  const auto at = static_cast<lua_Integer>(items_.size() * 2);
  lua_pushvalue(L, -3);
  lua_rawseti(L, -2, at + 1);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, at + 2);
  lua_pop(L, 2);
  items_.push_back(item);
}

bool Freshness::visit(lua_State* L, int depth) {
  if (depth > kReachDepthMax) return false;
  luaL_checkstack(L, 8, "captured values");
  switch (lua_type(L, -1)) {
    case LUA_TFUNCTION:
      return visitFunction(L, depth);
    case LUA_TTABLE:
      return visitTable(L, depth);
    case LUA_TUSERDATA:
    case LUA_TTHREAD:
      return false;
    default:
      return true;
  }
}

bool Freshness::visitFunction(lua_State* L, int depth) {
  if (lua_iscfunction(L, -1) != 0) return keepsNoState(L, -1);
  if (!firstVisit(L)) return true;
  for (int i = 1;; ++i) {
    const void* cell = lua_upvalueid(L, -1, i);
    if (cell == nullptr) return true;
    if (cell == environment_) continue;
    if (++entries_ > kEntriesMax || lua_getupvalue(L, -1, i) == nullptr) return false;
    const bool checkable = visit(L, depth + 1);
    add(L, {i});
    if (!checkable) return false;
  }
}

bool Freshness::visitTable(lua_State* L, int depth) {
  if (!firstVisit(L)) return true;
  Item item{0, 0, hasMetatable(L, -1)};
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, -3) != 0) {
    const int key = lua_type(L, -2);
    const bool scalar_key = key == LUA_TSTRING || key == LUA_TNUMBER || key == LUA_TBOOLEAN;
    if (!scalar_key || ++entries_ > kEntriesMax || !visit(L, depth + 1)) return false;
    ++item.count;
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, -4);
  }
  add(L, item);
  return true;
}

bool Freshness::holds(lua_State* L) const {
  const int top = lua_gettop(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, objects_ref_);
  bool same = true;
  for (size_t i = 0; same && i < items_.size(); ++i) {
    const Item& item = items_[i];
    lua_rawgeti(L, top + 1, static_cast<lua_Integer>(i * 2 + 1));
    if (item.upvalue == 0) {
      lua_rawgeti(L, top + 1, static_cast<lua_Integer>(i * 2 + 2));
      same = sameTable(L, item.count) && hasMetatable(L, -2) == item.metatable;
    } else {
      lua_getupvalue(L, -1, item.upvalue);
      lua_rawgeti(L, top + 1, static_cast<lua_Integer>(i * 2 + 2));
      same = lua_rawequal(L, -1, -2) != 0;
    }
    lua_settop(L, top + 1);
  }
  lua_settop(L, top);
  return same;
}

}  // namespace junctor::script
