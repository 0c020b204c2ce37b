#pragma once
// FlowSession: one run of a flow's function: where it is, what is remembered, what it lacks.
#include <set>
#include <string>
#include <vector>

#include "script/flow.h"
#include "script/lua_api.h"

namespace junctor::script {

class FlowSession {
 public:
  // How a run may end besides returning and failing. Neither can be caught: pcall passes it on.
  enum class End { None, Suspended, Changed };
  // A line of steps, one after the other: the function's own, or that of a branch.
  struct Line {
    std::string prefix;
    int count = 0;
    int64_t since_key = 0;  // events above it are later than what was done so far
  };

  FlowSession(const FlowMemory& memory, int64_t since_key)
      : memory_(memory), line{"", 0, since_key} {}

  // The remembered step of that key, which is thereby asked for; null if there is none.
  const Step* visit(const std::string& key);
  size_t visited() const { return visited_.size(); }
  // "3 (call crm)": a remembered step that this run did not ask for; "" = none.
  std::string missed() const;

  End end = End::None;
  std::string problem;  // why Changed
  std::vector<FlowStep> wanted;

 private:
  const FlowMemory& memory_;
  std::set<std::string, std::less<>> visited_;

 public:
  Line line;
};

// Of the run that L is in; raises if it is no flow's.
FlowSession& flowOf(lua_State* L);
bool flowEnded(lua_State* L);
// Pushes `f`.
void pushFlowLibrary(lua_State* L);
int jnAll(lua_State* L);

}  // namespace junctor::script
