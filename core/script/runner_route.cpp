// Routes: conditions over the native index, `where` in Lua, targets, the flows that start.
#include <fmt/core.h>

#include <algorithm>

#include "script/runner.h"
#include "script/view.h"

namespace junctor::script {

void LuaRuleRunner::note(Routing& routing, const RouteRule& rule, const std::string& what) {
  if (routing.trace == nullptr) return;
  routing.trace->lines.push_back(fmt::format(
      "route {} '{}': {}", routing.rules.scripts[routing.table->script].label, rule.name, what));
}

void LuaRuleRunner::noteClauses(Routing& routing, const RouteRule& rule) {
  for (const Clause& clause : rule.when) {
    const Path& path = routing.rules.paths[clause.slot];
    const Field& field = fields_.findOnce(path, clause.slot);
    routing.trace->clauses.push_back(
        {rule.name, path.text, shownField(field), clause.matcher.matches(field)});
  }
}

bool LuaRuleRunner::where(Routing& routing, const RouteRule& rule) {
  const CompiledRuleset& rules = routing.rules;
  const size_t index = routing.table->script;
  const ScriptText& script = rules.scripts[index];
  if (routing.sandbox == nullptr) routing.sandbox = beginRun(rules, routing.trace);
  Sandbox* sandbox = routing.sandbox;
  if (sandbox == nullptr) {
    routing.result.error = RuleError{script.label + ":0", "no memory for a sandbox", true};
    return false;
  }
  bool yes = false;
  const auto ask = [&](Sandbox& in) {
    return in.protect(script, [&](lua_State* L) {
      pushWhereHandler(L, in, rules, *routing.table, rule);
      in.setHandlerLine(rule.where_line);
      pushEvent(L);
      pushCtx(L);
      lua_call(L, 2, 1);
      yes = lua_toboolean(L, -1) != 0;
      in.endHandler(L, index, keyOf(routing.table->declaration, rule.position));
    });
  };
  routing.result.error = ask(*sandbox);
  if (routing.result.error) {
    explain(rules, *routing.result.error, routing.trace, [&](Sandbox& again) { (void)ask(again); });
    return false;
  }
  return yes;
}

bool LuaRuleRunner::matches(Routing& routing, const RouteRule& rule) {
  if (routing.trace != nullptr && routing.trace->details) noteClauses(routing, rule);
  const Clause* failing = failingClause(routing.rules, rule.when);
  if (failing != nullptr) {
    if (routing.trace != nullptr) {
      const Path& path = routing.rules.paths[failing->slot];
      note(routing, rule, fmt::format("no, {} is {}", path.text, shownField(fields_.find(path))));
    }
    return false;
  }
  if (rule.where_line != 0 && !where(routing, rule)) {
    note(routing, rule,
         routing.result.error ? routing.result.error->message : "no, 'where' said no");
    return false;
  }
  return true;
}

// A destination gets an event once in each form, however many routes name it.
void LuaRuleRunner::addTargets(Routing& routing, const std::vector<Target>& to,
                               const RouteRule& rule) {
  auto& targets = routing.result.value.targets;
  const auto& rules = routing.rules;
  for (const Target& one : to) {
    const bool known = std::any_of(targets.begin(), targets.end(), [&](const RouteTarget& target) {
      return target.destination == one.destination && target.mapping == one.mapping;
    });
    if (known) continue;
    RouteTarget target;
    target.destination = one.destination;
    target.route = rule.name;
    target.priority = rule.priority_class;
    target.latest_only = rule.latest_only;
    target.rule_version = rules.scripts[routing.table->script].label;
    target.mapping = one.mapping;
    if (rule.key_slot) {
      target.order_key = fields_.findOnce(rules.paths[*rule.key_slot], *rule.key_slot).scalarText();
    }
    targets.push_back(std::move(target));
  }
}

void LuaRuleRunner::startFlows(Routing& routing) {
  const CompiledRuleset& rules = routing.rules;
  for (const Flow& flow : rules.flows) {
    const Clause* failing = failingClause(rules, flow.when);
    if (routing.trace != nullptr) {
      const std::string why =
          failing == nullptr ? "starts"
                             : fmt::format("no, {} is {}", rules.paths[failing->slot].text,
                                           shownField(fields_.find(rules.paths[failing->slot])));
      routing.trace->lines.push_back(
          fmt::format("flow {} '{}': {}", flow.info.rule_version, flow.info.name, why));
    }
    if (failing != nullptr) continue;
    RouteTarget target;
    target.destination = std::string(kFlowPrefix) + flow.info.name;
    target.route = flow.info.name;
    target.rule_version = flow.info.rule_version;
    if (flow.key_slot) {
      target.order_key = fields_.findOnce(rules.paths[*flow.key_slot], *flow.key_slot).scalarText();
    }
    routing.result.value.targets.push_back(std::move(target));
  }
}

void LuaRuleRunner::routeTable(Routing& routing) {
  const RouteTable& table = *routing.table;
  Routed& routed = routing.result.value;
  bool matched = false;
  const auto consider = [&](const RouteRule& rule) {  // false: the table is done
    if (!matches(routing, rule)) return !routing.result.error;
    matched = true;
    if (!rule.drop.empty()) {
      note(routing, rule, "dropped: " + rule.drop);
      routed.dropped = true;
      routed.reason = rule.drop;
      routed.route = rule.name;
      routed.rule_version = routing.rules.scripts[table.script].label;
      return false;
    }
    note(routing, rule, "matched");
    addTargets(routing, rule.to, rule);
    return !rule.stop && !table.first_only;
  };
  if (routing.trace != nullptr) {  // the index would hide why a rule did not match
    for (const RouteRule& rule : table.rules) {
      if (!consider(rule)) break;
    }
  } else {
    for (const uint32_t i : table.candidates(fields_.event().type)) {
      if (!consider(table.rules[i])) break;
    }
  }
  if (matched || routing.result.error) return;
  RouteRule otherwise;
  otherwise.name = "otherwise";
  addTargets(routing, table.otherwise, otherwise);
}

Ran<Routed> LuaRuleRunner::route(const Ruleset& ruleset, const Event& event, JsonView payload,
                                 Trace* trace) {
  Routing routing{static_cast<const CompiledRuleset&>(ruleset), nullptr, nullptr, trace, {}};
  fields_.reset(event, payload);
  for (const RouteTable& table : routing.rules.routes) {
    routing.table = &table;
    routeTable(routing);
    if (routing.result.error) break;
  }
  if (!routing.result.error) mapTargets(routing);
  if (!routing.result.error) startFlows(routing);
  endRun(routing.rules, routing.sandbox, trace);
  Routed& routed = routing.result.value;
  if (routing.result.error) {
    routed = {};
  } else if (routed.targets.size() > limits::kDeliveriesPerEventMax) {
    routing.result.error = RuleError{routed.targets.back().rule_version + ":0",
                                     "too many destinations for one event", true};
    routed = {};
  } else if (!routed.targets.empty()) {
    routed.dropped = false;
  } else if (!routed.dropped) {
    routed.reason = "no route matched";
  }
  return std::move(routing.result);
}

}  // namespace junctor::script
