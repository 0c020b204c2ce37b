#pragma once
// Freshness: a copy of all that a function can reach through its upvalues, taken right after the
// top level ran. If everything still is as copied after the function ran, it left nothing behind
// and may serve the next event without running the top level again.
#include <cstddef>
#include <vector>

#include "script/lua_api.h"

namespace junctor::script {

class Freshness {
 public:
  // Copies what the function on top reaches, except the upvalue cell `environment`. False: it is
  // more than is worth checking, or of a kind that cannot be checked. Raises on lack of memory.
  bool capture(lua_State* L, const void* environment);
  bool holds(lua_State* L) const;
  void forget(lua_State* L);

 private:
  struct Item {
    int upvalue;  // of a function; 0: a table
    size_t count = 0;
    bool metatable = false;
  };

  bool visit(lua_State* L, int depth);
  bool visitFunction(lua_State* L, int depth);
  bool visitTable(lua_State* L, int depth);
  bool firstVisit(lua_State* L);
  void add(lua_State* L, Item item);

  const void* environment_ = nullptr;
  int objects_ref_ = LUA_NOREF;  // list: object, value or copy, …
  size_t entries_ = 0;
  std::vector<Item> items_;
  std::vector<const void*> seen_;
};

}  // namespace junctor::script
