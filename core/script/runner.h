#pragma once
// LuaRuleRunner: native conditions first, Lua only where a function has to run. runner.cpp keeps
// the sandboxes and normalizes, runner_route.cpp routes, runner_map.cpp maps, runner_flow.cpp runs
// flows.
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "script/event_fields.h"
#include "script/handlers.h"
#include "script/normal_form.h"
#include "script/rules.h"
#include "script/ruleset.h"
#include "script/sandbox.h"

namespace junctor::script {

// A field's value for a trace.
std::string shownField(const Field& field);
// At most as long as an error may be.
std::string clippedError(std::string text);

class LuaRuleRunner final : public RuleRunner {
 public:
  explicit LuaRuleRunner(const RuleBudget& budget) : budget_(budget) {}

  Ran<bool> normalize(const Ruleset& rules, Event& event, JsonView payload, Trace* trace) override;
  Ran<Routed> route(const Ruleset& rules, const Event& event, JsonView payload,
                    Trace* trace) override;
  Ran<FlowRun> flow(const Ruleset& rules, const FlowInfo& info, const Event& event,
                    JsonView payload, const FlowMemory& memory, Trace* trace) override;
  Ran<mapping::Converted> convert(const Ruleset& rules, std::string_view name,
                                  mapping::Direction direction, const mapping::Value& object,
                                  Trace* trace) override;
  void run(std::span<RuleTask> tasks) override;

 private:
  struct Kept {
    std::unique_ptr<Sandbox> sandbox;
    uint64_t last_used = 0;
  };
  // The state of one route() call.
  struct Routing {
    const CompiledRuleset& rules;
    const RouteTable* table = nullptr;
    Sandbox* sandbox = nullptr;  // once a function ran
    Trace* trace;
    Ran<Routed> result;
  };

  // Runs what failed once more, traced, to say which field it had read last.
  template <class F>
  void explain(const CompiledRuleset& rules, RuleError& error, const Trace* trace, F&& rerun) {
    if (error.budget || (trace != nullptr && trace->details)) return;
    Trace probe;
    probe.details = true;
    Sandbox* sandbox = beginRun(rules, &probe);
    if (sandbox == nullptr) return;
    rerun(*sandbox);
    const std::string& read = sandbox->lastRead();
    if (!read.empty()) error.message = clippedError(error.message + " (last read: " + read + ")");
  }

  Sandbox* sandboxFor(const CompiledRuleset& rules);
  Sandbox* beginRun(const CompiledRuleset& rules, Trace* trace);
  void endRun(const CompiledRuleset& rules, Sandbox* sandbox, Trace* trace);

  const Clause* failingClause(const CompiledRuleset& rules, const std::vector<Clause>& clauses);
  bool accepts(const CompiledRuleset& rules, const Normalizer& normalizer);
  std::optional<RuleError> runNormalizer(const CompiledRuleset& rules, const Normalizer& normalizer,
                                         Sandbox& sandbox, NormalForm& form);
  void routeTable(Routing& routing);
  bool matches(Routing& routing, const RouteRule& rule);
  bool where(Routing& routing, const RouteRule& rule);
  void addTargets(Routing& routing, const std::vector<Target>& to, const RouteRule& rule);
  void startFlows(Routing& routing);
  void mapTargets(Routing& routing);
  void mapTarget(Routing& routing, const mapping::Value& data, RouteTarget& target);
  Result<mapping::Converted> convertAll(const CompiledRuleset& rules, std::string_view name,
                                        mapping::Direction direction, const mapping::Value& object,
                                        Trace* trace, bool told, Sandbox*& sandbox);
  std::optional<RuleError> runAfter(const CompiledRuleset& rules, const LuaMap& map,
                                    mapping::Direction direction, Sandbox& sandbox,
                                    const mapping::Value& object, mapping::Value& output);
  void note(Routing& routing, const RouteRule& rule, const std::string& what);
  void noteClauses(Routing& routing, const RouteRule& rule);

  RuleBudget budget_;
  EventFields fields_;
  std::unordered_map<uint64_t, Kept> kept_;
  uint64_t runs_ = 0;
  int64_t fuel_ = 0;  // of all runs since the task began
};

}  // namespace junctor::script
