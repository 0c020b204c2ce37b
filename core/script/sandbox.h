#pragma once
// Sandbox: one Lua state with the allowlist environment, holding the scripts of one ruleset.
// Not thread-safe. Nothing a script does outlives the event: its top level is run again before a
// handler runs, unless all that the last handlers could reach is still as it was.
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "script/context.h"
#include "script/freshness.h"
#include "script/lua_api.h"
#include "script/rules.h"
#include "script/ruleset.h"

namespace junctor::script {

class Sandbox {
 public:
  // Null if the memory budget does not even hold the libraries.
  static std::unique_ptr<Sandbox> open(const RuleBudget& budget);
  ~Sandbox();

  Context& context() { return context_; }
  // No further runs: memory ran out, or an event left more than is worth keeping.
  bool spent() const { return spoiled_ || context_.budget.footprint() > kKeptBytesMax; }

  // Starts the budget of one run. Values of earlier runs become unreadable.
  void beginRun(EventFields* fields, Trace* trace, const CompiledRuleset* rules = nullptr);
  // "a.b = 5": what a traced run read last; "" = nothing, or not traced.
  const std::string& lastRead() const { return read_log_.last; }

  // Runs body(lua_State*) protected; the error names `script`. The body may raise Lua errors; it
  // must not let other exceptions out.
  template <class F>
  std::optional<RuleError> protect(const ScriptText& script, F&& body) {
    using Body = std::remove_reference_t<F>;
    return run(
        script,
        [](lua_State* L) -> int {
          auto* b = static_cast<Body*>(lua_touserdata(L, 1));
          lua_settop(L, 0);
          (*b)(L);
          return 0;
        },
        &body);
  }

  // The following raise, so they are called inside protect().

  // Compiles the script, once, and remembers it under `index`.
  void load(lua_State* L, size_t index, const ScriptText& script);
  // Runs the top level in a fresh environment unless it still is fresh. Pushes the declarations:
  // a list of (table, kind, line).
  void prepare(lua_State* L, size_t index);
  // Pushes the handler known under `key`; if there is none pushes nothing and says false.
  bool pushHandler(lua_State* L, size_t index, lua_Integer key);
  // Makes the function on top known until the top level runs again.
  void rememberHandler(lua_State* L, size_t index, lua_Integer key);
  // Call after the handler: decides whether the top level must run again.
  void endHandler(lua_State* L, size_t index, lua_Integer key);
  // Errors that have no line of their own are given this one.
  void setHandlerLine(int line) { handler_line_ = line; }

 private:
  static constexpr size_t kKeptBytesMax = 1024 * 1024;

  struct Handler {
    Freshness freshness;
    bool checkable = true;  // false: it changed something once, or cannot be checked
  };
  struct Script {
    int chunk_ref = LUA_NOREF;
    int environment_ref = LUA_NOREF;
    int declarations_ref = LUA_NOREF;
    int handlers_ref = LUA_NOREF;
    bool fresh = false;
    std::map<lua_Integer, Handler> handlers;
  };

  explicit Sandbox(const RuleBudget& budget) : context_(budget) {}
  std::optional<RuleError> run(const ScriptText& script, lua_CFunction body, void* argument);
  RuleError failure(const ScriptText& script, int status);
  void build(lua_State* L);
  void runTopLevel(lua_State* L, Script& script);

  Context context_;
  ReadLog read_log_;
  lua_State* L_ = nullptr;
  std::vector<Script> scripts_;
  int environment_metatable_ref_ = LUA_NOREF;
  int handler_line_ = 0;  // for errors that have no line of their own
  bool spoiled_ = false;
};

}  // namespace junctor::script
