#pragma once
// Context: what the C functions of a Lua state can reach besides their arguments.
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "script/budget.h"
#include "script/event_fields.h"
#include "script/lua_api.h"

namespace junctor::script {

struct Context {
  explicit Context(const RuleBudget& allowed) : budget(allowed) {}

  Budget budget;
  uint32_t generation = 1;           // rises with every event: older views refuse to be read
  EventFields* fields = nullptr;     // the event of the run; null at publish
  int declarations_ref = LUA_NOREF;  // where jn.normalize and jn.route register; none in handlers
  int view_metatable_ref = LUA_NOREF;
  int array_metatable_ref = LUA_NOREF;
  SeededRandom random{0};
  bool random_seeded = false;
  size_t log_lines = 0;
  std::vector<std::string>* log = nullptr;  // null: nobody listens
};

inline Context& contextOf(lua_State* L) {
  return **static_cast<Context**>(lua_getextraspace(L));
}

}  // namespace junctor::script
