#pragma once
// Context: what the C functions of a Lua state can reach besides their arguments.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "script/budget.h"
#include "script/event_fields.h"
#include "script/lua_api.h"

namespace junctor::script {

class CompiledRuleset;
class FlowSession;
class Tester;

// What a traced run read: paths are numbered, so that a view is small. 0 = not traced.
struct ReadLog {
  uint32_t root = 0;                   // of `ev` in normalizers
  std::vector<std::string> paths{""};  // by number
  std::vector<Trace::Read>* reads = nullptr;

  std::string last;  // what was read last: "a.b = 5"
  uint32_t child(uint32_t parent, std::string_view name);
  void note(uint32_t path, JsonView value);
  void noteText(std::string_view name, std::string_view value);

 private:
  void add(const std::string& path, std::string value);
};

// What a ResultWriter uses anew each time.
struct WriterScratch {
  struct Entry {
    std::string_view key;
    int value;  // stack index
  };
  // Where in the result: a member or, if `position` is not 0, an element.
  struct Step {
    std::string_view key;
    lua_Integer position = 0;
  };
  std::vector<Entry> entries;
  std::vector<Step> path;
};

struct Context {
  explicit Context(const RuleBudget& allowed) : budget(allowed) {}

  Budget budget;
  uint32_t generation = 1;           // rises with every event: older views refuse to be read
  EventFields* fields = nullptr;     // the event of the run; null at publish
  int declarations_ref = LUA_NOREF;  // where jn.normalize and jn.route register; none in handlers
  int view_metatable_ref = LUA_NOREF;
  int array_metatable_ref = LUA_NOREF;
  WriterScratch writer;
  SeededRandom random{0};
  bool random_seeded = false;
  size_t log_lines = 0;
  std::vector<std::string>* log = nullptr;                    // null: nobody listens
  const CompiledRuleset* rules = nullptr;                     // of the run; null at publish
  ReadLog* reads = nullptr;                                   // null: not traced
  std::map<std::string, std::map<int, int>>* hits = nullptr;  // lines; null: not traced
  Tester* tester = nullptr;                                   // of a test
  FlowSession* flow = nullptr;                                // of a flow's run
};

inline Context& contextOf(lua_State* L) {
  return **static_cast<Context**>(lua_getextraspace(L));
}

}  // namespace junctor::script
