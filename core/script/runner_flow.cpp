// Flows: one run of a flow's function over what is remembered of its steps.
#include <algorithm>

#include "script/flow_session.h"
#include "script/result_writer.h"
#include "script/runner.h"
#include "script/view.h"

namespace junctor::script {
namespace {

Ran<FlowRun> concludeFlow(const FlowInfo& info, FlowSession& session, Ran<FlowRun> ran) {
  if (ran.error && ran.error->budget) return ran;
  if (session.end == FlowSession::End::Changed) {
    const std::string label = info.rule_version + ":";
    std::string_view problem = session.problem;
    if (problem.starts_with(label)) problem.remove_prefix(label.size());
    const size_t line = problem.find(':');
    ran.error = RuleError{label + std::string(problem.substr(0, line)),
                          clippedError(std::string(problem.substr(line + 2))), false, true};
    return ran;
  }
  const bool suspended = session.end == FlowSession::End::Suspended;
  if (ran.error && !suspended) return ran;
  if (const std::string missed = session.missed(); !missed.empty()) {
    ran.error = RuleError{info.rule_version + ":0",
                          "step " + missed + " was made when it ran first and is not asked for now",
                          false, true};
    return ran;
  }
  ran.error.reset();
  ran.value.finished = !suspended;
  if (suspended) ran.value.wanted = std::move(session.wanted);
  return ran;
}

}  // namespace

// A step that ends the run is no failure: what the function lacks is the result.
Ran<FlowRun> LuaRuleRunner::flow(const Ruleset& ruleset, const FlowInfo& info, const Event& event,
                                 JsonView payload, const FlowMemory& memory, Trace* trace) {
  const auto& rules = static_cast<const CompiledRuleset&>(ruleset);
  const auto found = std::find_if(rules.flows.begin(), rules.flows.end(),
                                  [&](const Flow& one) { return &one.info == &info; });
  fields_.reset(event, payload);
  Ran<FlowRun> result;
  Sandbox* sandbox = beginRun(rules, trace);
  if (found == rules.flows.end() || sandbox == nullptr) {
    result.error = RuleError{info.rule_version + ":0", "no memory for a sandbox", true};
    return result;
  }
  FlowSession session(memory, event.id.orderKey());
  sandbox->context().flow = &session;
  const Handler handler = runHandler(*found);
  result.error = sandbox->protect(rules.scripts[found->script], [&](lua_State* L) {
    pushHandler(L, *sandbox, rules, handler);
    pushEvent(L);
    pushFlowLibrary(L);
    lua_call(L, 2, 1);
    if (!lua_isnil(L, -1)) {
      ResultWriter writer(L);
      writer.value(-1);
      result.value.result_json = writer.take();
    }
    sandbox->endHandler(L, handler.script, handler.key);
  });
  sandbox->context().flow = nullptr;
  endRun(rules, sandbox, trace);
  return concludeFlow(info, session, std::move(result));
}

}  // namespace junctor::script
