// The RuleRunner: native conditions first, Lua only where a function has to run.
#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

#include "base/bytes.h"
#include "script/flow_session.h"
#include "script/handlers.h"
#include "script/lua_value.h"
#include "script/mapper.h"
#include "script/normal_form.h"
#include "script/result_writer.h"
#include "script/ruleset.h"
#include "script/sandbox.h"
#include "script/view.h"

namespace junctor::script {
namespace {

std::string show(const Field& field) {
  constexpr size_t kShownMax = 80;
  if (field.absent()) return "absent";
  if (field.kind == Field::Kind::Json && !field.json.isString()) {
    return field.json.dump().substr(0, kShownMax);
  }
  return '"' + field.scalarText().substr(0, kShownMax) + '"';
}

std::string clipText(std::string text) {
  if (text.size() > limits::kRuleErrorBytesMax) text.resize(limits::kRuleErrorBytesMax);
  while (!text.empty() && !validUtf8(text)) text.pop_back();
  return text;
}

Ran<FlowRun> concludeFlow(const FlowInfo& info, FlowSession& session, Ran<FlowRun> ran) {
  if (ran.error && ran.error->budget) return ran;
  if (session.end == FlowSession::End::Changed) {
    const std::string label = info.rule_version + ":";
    std::string_view problem = session.problem;
    if (problem.starts_with(label)) problem.remove_prefix(label.size());
    const size_t line = problem.find(':');
    ran.error = RuleError{label + std::string(problem.substr(0, line)),
                          clipText(std::string(problem.substr(line + 2))), false, true};
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
    if (!read.empty()) error.message = clipText(error.message + " (last read: " + read + ")");
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
                                        Trace* trace, Sandbox*& sandbox);
  std::optional<RuleError> runAfter(const CompiledRuleset& rules, const LuaMap& map,
                                    mapping::Direction direction, Sandbox& sandbox,
                                    const mapping::Value& object, mapping::Value& output);
  void note(Routing& routing, const RouteRule& rule, const std::string& what);
  void noteClauses(Routing& routing, const RouteRule& rule);

  RuleBudget budget_;
  EventFields fields_;
  std::unordered_map<uint64_t, Kept> kept_;
  uint64_t runs_ = 0;
};

Sandbox* LuaRuleRunner::sandboxFor(const CompiledRuleset& rules) {
  auto found = kept_.find(rules.id);
  if (found == kept_.end()) {
    if (kept_.size() >= limits::kRuleSandboxesMax) {
      kept_.erase(std::min_element(kept_.begin(), kept_.end(), [](const auto& a, const auto& b) {
        return a.second.last_used < b.second.last_used;
      }));
    }
    auto sandbox = Sandbox::open(budget_);
    if (!sandbox) return nullptr;
    found = kept_.emplace(rules.id, Kept{std::move(sandbox)}).first;
  }
  found->second.last_used = ++runs_;
  return found->second.sandbox.get();
}

Sandbox* LuaRuleRunner::beginRun(const CompiledRuleset& rules, Trace* trace) {
  Sandbox* sandbox = sandboxFor(rules);
  if (sandbox != nullptr) sandbox->beginRun(&fields_, trace, &rules);
  return sandbox;
}

void LuaRuleRunner::endRun(const CompiledRuleset& rules, Sandbox* sandbox, Trace* trace) {
  if (sandbox == nullptr) return;
  if (trace != nullptr) trace->fuel += sandbox->context().budget.fuelUsed();
  if (sandbox->spent()) kept_.erase(rules.id);
}

const Clause* LuaRuleRunner::failingClause(const CompiledRuleset& rules,
                                           const std::vector<Clause>& clauses) {
  for (const Clause& clause : clauses) {
    const Field& field = fields_.findOnce(rules.paths[clause.slot], clause.slot);
    if (!clause.matcher.matches(field)) return &clause;
  }
  return nullptr;
}

bool LuaRuleRunner::accepts(const CompiledRuleset& rules, const Normalizer& normalizer) {
  if (failingClause(rules, normalizer.accepts) != nullptr) return false;
  return std::all_of(normalizer.has.begin(), normalizer.has.end(), [&](const auto& alternatives) {
    return std::any_of(alternatives.begin(), alternatives.end(), [&](size_t slot) {
      return !fields_.findOnce(rules.paths[slot], slot).absent();
    });
  });
}

std::optional<RuleError> LuaRuleRunner::runNormalizer(const CompiledRuleset& rules,
                                                      const Normalizer& normalizer,
                                                      Sandbox& sandbox, NormalForm& form) {
  const ScriptText& script = rules.scripts[normalizer.script];
  return sandbox.protect(script, [&](lua_State* L) {
    pushHandler(L, sandbox, rules, eventHandler(normalizer));
    pushPayload(L, fields_.payload());
    pushCtx(L);
    lua_call(L, 2, 1);
    form = readNormalForm(L, normalizer, fields_.event());
    sandbox.endHandler(L, normalizer.script, keyOf(normalizer.declaration, 0));
  });
}

Ran<bool> LuaRuleRunner::normalize(const Ruleset& ruleset, Event& event, JsonView payload,
                                   Trace* trace) {
  const auto& rules = static_cast<const CompiledRuleset&>(ruleset);
  Ran<bool> result{false, std::nullopt};
  if (rules.normalizers.empty()) return result;
  fields_.reset(event, payload);
  for (const Normalizer& normalizer : rules.normalizers) {
    if (!accepts(rules, normalizer)) continue;
    const std::string& label = rules.scripts[normalizer.script].label;
    Sandbox* sandbox = beginRun(rules, trace);
    if (sandbox == nullptr) {
      result.error = RuleError{label + ":0", "no memory for a sandbox", true};
      return result;
    }
    NormalForm form;
    result.error = runNormalizer(rules, normalizer, *sandbox, form);
    endRun(rules, sandbox, trace);
    if (result.error) {
      explain(rules, *result.error, trace, [&](Sandbox& again) {
        NormalForm unused;
        (void)runNormalizer(rules, normalizer, again, unused);
      });
    }
    if (trace != nullptr) {
      trace->lines.push_back(fmt::format("normalize {}: {}", label,
                                         result.error   ? result.error->message
                                         : form.present ? "rewritten"
                                                        : "left alone"));
    }
    result.value = !result.error && form.present;
    if (result.value) std::move(form).applyTo(event);
    return result;
  }
  return result;
}

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
        {rule.name, path.text, show(field), clause.matcher.matches(field)});
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
      note(routing, rule, fmt::format("no, {} is {}", path.text, show(fields_.find(path))));
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
      const std::string why = failing == nullptr
                                  ? "starts"
                                  : fmt::format("no, {} is {}", rules.paths[failing->slot].text,
                                                show(fields_.find(rules.paths[failing->slot])));
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

// What a mapping cannot do ends its delivery alone; the other destinations get theirs.
void LuaRuleRunner::mapTargets(Routing& routing) {
  auto& targets = routing.result.value.targets;
  const auto mapped = [](const RouteTarget& target) { return !target.mapping.empty(); };
  if (std::none_of(targets.begin(), targets.end(), mapped)) return;
  const auto data = mapping::parseValue(fields_.event().data_json);
  for (RouteTarget& target : targets) {
    if (target.mapping.empty()) continue;
    if (data && data->isObject()) {
      mapTarget(routing, *data, target);
    } else {
      target.problem = target.mapping + ": the event has no canonical data (a normalizer makes it)";
    }
  }
}

void LuaRuleRunner::mapTarget(Routing& routing, const mapping::Value& data, RouteTarget& target) {
  const std::string name = target.mapping;
  if (const auto entry = routing.rules.mapping(name)) target.mapping = entry->label();
  auto converted = convertAll(routing.rules, name, mapping::Direction::ToExternal, data,
                              routing.trace, routing.sandbox);
  if (!converted) {
    target.problem = target.mapping + ": " + clipText(converted.error().message);
    return;
  }
  target.body_json = mapping::toJson(converted->output);
  if (target.body_json.size() > limits::kRuleResultBytesMax) {
    target.body_json.clear();
    target.problem = target.mapping + ": the mapped object is too large";
  }
  if (routing.trace == nullptr) return;
  routing.trace->mapped.push_back({target.destination, target.mapping, std::move(converted->issues),
                                   std::move(converted->origins)});
}

// `sandbox` is opened if a function has to run and it is null.
Result<mapping::Converted> LuaRuleRunner::convertAll(const CompiledRuleset& rules,
                                                     std::string_view name,
                                                     mapping::Direction direction,
                                                     const mapping::Value& object, Trace* trace,
                                                     Sandbox*& sandbox) {
  const auto entry = rules.mapping(name);
  if (!entry) return notFound("there is no mapping '" + std::string(name) + "'");
  JUNCTOR_TRY(mapping::Converted converted, script::convert(entry->mapping, direction, object));
  const auto declared = rules.maps.find(name);
  if (declared == rules.maps.end()) return converted;
  const LuaMap& map = declared->second;
  const bool out = direction == mapping::Direction::ToExternal;
  if ((out ? map.out_line : map.in_line) == 0) return converted;
  if (sandbox == nullptr) sandbox = beginRun(rules, trace);
  if (sandbox == nullptr) return internalError("no memory for a sandbox");
  if (auto error = runAfter(rules, map, direction, *sandbox, object, converted.output)) {
    return invalidArgument(error->rule + ": " + error->message);
  }
  return converted;
}

std::optional<RuleError> LuaRuleRunner::runAfter(const CompiledRuleset& rules, const LuaMap& map,
                                                 mapping::Direction direction, Sandbox& sandbox,
                                                 const mapping::Value& object,
                                                 mapping::Value& output) {
  const Handler handler = afterHandler(map, direction);
  return sandbox.protect(rules.scripts[map.script], [&](lua_State* L) {
    pushHandler(L, sandbox, rules, handler);
    const int function = lua_gettop(L);
    pushValue(L, output);
    lua_pushvalue(L, function);
    lua_pushvalue(L, function + 1);
    pushValue(L, object);
    lua_call(L, 2, 1);
    if (lua_isnil(L, -1)) lua_pop(L, 1);  // it changed the table it was given
    output = valueAt(L, -1);
    if (!output.isObject()) luaL_error(L, "'%s' must return a table or nil", handler.name);
    sandbox.endHandler(L, handler.script, handler.key);
  });
}

Ran<mapping::Converted> LuaRuleRunner::convert(const Ruleset& ruleset, std::string_view name,
                                               mapping::Direction direction,
                                               const mapping::Value& object, Trace* trace) {
  const auto& rules = static_cast<const CompiledRuleset&>(ruleset);
  Ran<mapping::Converted> result;
  Sandbox* sandbox = nullptr;
  auto converted = convertAll(rules, name, direction, object, trace, sandbox);
  endRun(rules, sandbox, trace);
  if (converted) {
    result.value = std::move(*converted);
  } else {
    result.error = RuleError{std::string(name), converted.error().message, false};
  }
  return result;
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

}  // namespace

std::unique_ptr<RuleRunner> makeRuleRunner(const RuleBudget& budget) {
  return std::make_unique<LuaRuleRunner>(budget);
}

}  // namespace junctor::script
