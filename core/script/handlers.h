#pragma once
// Handlers: the functions that stand in declarations, found again by where they stood. What pushes
// raises, so it is called inside Sandbox::protect().
#include "script/ruleset.h"
#include "script/sandbox.h"

namespace junctor::script {

// A function that stands in a declaration under a name. `key` tells it from its others.
struct Handler {
  size_t script;
  size_t declaration;
  const char* name;
  lua_Integer key;
  int line;
};

// Tells the functions of a script apart.
lua_Integer keyOf(size_t declaration, size_t position);
Handler eventHandler(const Normalizer& normalizer);
Handler afterHandler(const LuaMap& map, mapping::Direction direction);
Handler runHandler(const Flow& flow);

void pushHandler(lua_State* L, Sandbox& sandbox, const CompiledRuleset& rules,
                 const Handler& handler);
void pushWhereHandler(lua_State* L, Sandbox& sandbox, const CompiledRuleset& rules,
                      const RouteTable& table, const RouteRule& rule);

}  // namespace junctor::script
