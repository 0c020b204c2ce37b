#include "script/handlers.h"

#include <fmt/core.h>

#include "base/limits.h"
#include "script/declaration.h"

namespace junctor::script {
namespace {

// Pushes the table of a declaration of the prepared script.
void pushDeclaration(lua_State* L, size_t declaration) {
  lua_rawgeti(L, -1, static_cast<lua_Integer>((declaration - 1) * kDeclarationFields + 1));
  if (lua_type(L, -1) != LUA_TTABLE)
    luaL_error(L, "the script declares other rules than at publish");
}

void pushMember(lua_State* L, const char* name) {
  lua_pushstring(L, name);
  lua_rawget(L, -2);
}

bool sameName(lua_State* L, const std::string& name, size_t position) {
  pushMember(L, "name");
  size_t size = 0;
  const char* text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &size) : nullptr;
  const bool same =
      text != nullptr ? std::string_view(text, size) == name : name == fmt::format("#{}", position);
  lua_pop(L, 1);
  return same;
}

// Stack: a route's table. Pushes the `where` of a rule: by position, or by name where a script
// builds its list in an order of its own.
void pushWhere(lua_State* L, const RouteRule& rule) {
  pushMember(L, "rules");
  if (lua_type(L, -1) == LUA_TTABLE) {
    const auto length = static_cast<lua_Integer>(lua_rawlen(L, -1));
    const auto at = static_cast<lua_Integer>(rule.position);
    for (lua_Integer i = 0; i <= length; ++i) {
      const lua_Integer position = i == 0 ? at : i;
      const bool found = lua_rawgeti(L, -1, position) == LUA_TTABLE &&
                         sameName(L, rule.name, static_cast<size_t>(position));
      if (found) {
        pushMember(L, "where");
        if (lua_type(L, -1) == LUA_TFUNCTION) return;
        break;
      }
      lua_pop(L, 1);
    }
  }
  luaL_error(L, "the script declares other rules than at publish");
}

}  // namespace

lua_Integer keyOf(size_t declaration, size_t position) {
  return static_cast<lua_Integer>(declaration * (limits::kRulesPerScriptMax + 1) + position);
}

Handler eventHandler(const Normalizer& normalizer) {
  return {normalizer.script, normalizer.declaration, "event", keyOf(normalizer.declaration, 0),
          normalizer.line};
}

Handler afterHandler(const LuaMap& map, mapping::Direction direction) {
  const bool out = direction == mapping::Direction::ToExternal;
  return {map.script, map.declaration, out ? "after_out" : "after_in",
          keyOf(map.declaration, out ? 2 : 1), out ? map.out_line : map.in_line};
}

Handler runHandler(const Flow& flow) {
  return {flow.script, flow.declaration, "run", keyOf(flow.declaration, 0), flow.line};
}

void pushHandler(lua_State* L, Sandbox& sandbox, const CompiledRuleset& rules,
                 const Handler& handler) {
  sandbox.setHandlerLine(handler.line);
  if (sandbox.pushHandler(L, handler.script, handler.key)) return;
  sandbox.load(L, handler.script, rules.scripts[handler.script]);
  sandbox.prepare(L, handler.script);
  pushDeclaration(L, handler.declaration);
  pushMember(L, handler.name);
  if (lua_type(L, -1) != LUA_TFUNCTION) {
    luaL_error(L, "the script declares other rules than at publish");
  }
  sandbox.rememberHandler(L, handler.script, handler.key);
}

void pushWhereHandler(lua_State* L, Sandbox& sandbox, const CompiledRuleset& rules,
                      const RouteTable& table, const RouteRule& rule) {
  const size_t index = table.script;
  const lua_Integer key = keyOf(table.declaration, rule.position);
  if (sandbox.pushHandler(L, index, key)) return;
  sandbox.load(L, index, rules.scripts[index]);
  sandbox.prepare(L, index);
  pushDeclaration(L, table.declaration);
  pushWhere(L, rule);
  sandbox.rememberHandler(L, index, key);
}

}  // namespace junctor::script
