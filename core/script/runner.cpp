// The RuleRunner: native conditions first, Lua only where a function has to run.
#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

#include "script/declaration.h"
#include "script/normal_form.h"
#include "script/ruleset.h"
#include "script/sandbox.h"
#include "script/view.h"

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

lua_Integer keyOf(size_t declaration, size_t position) {
  return static_cast<lua_Integer>(declaration * (limits::kRulesPerScriptMax + 1) + position);
}

void pushEventHandler(lua_State* L, Sandbox& sandbox, const CompiledRuleset& rules,
                      const Normalizer& normalizer) {
  const size_t index = normalizer.script;
  const lua_Integer key = keyOf(normalizer.declaration, 0);
  if (sandbox.pushHandler(L, index, key)) return;
  sandbox.load(L, index, rules.scripts[index]);
  sandbox.prepare(L, index);
  pushDeclaration(L, normalizer.declaration);
  pushMember(L, "event");
  if (lua_type(L, -1) != LUA_TFUNCTION) {
    luaL_error(L, "the script declares other rules than at publish");
  }
  sandbox.rememberHandler(L, index, key);
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

std::string show(const Field& field) {
  constexpr size_t kShownMax = 80;
  if (field.absent()) return "absent";
  if (field.kind == Field::Kind::Json && !field.json.isString()) {
    return field.json.dump().substr(0, kShownMax);
  }
  return '"' + field.scalarText().substr(0, kShownMax) + '"';
}

class LuaRuleRunner final : public RuleRunner {
 public:
  explicit LuaRuleRunner(const RuleBudget& budget) : budget_(budget) {}

  Ran<bool> normalize(const Ruleset& rules, Event& event, JsonView payload, Trace* trace) override;
  Ran<Routed> route(const Ruleset& rules, const Event& event, JsonView payload,
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
  void addTargets(Routing& routing, const std::vector<std::string>& to, const std::string& route,
                  std::optional<size_t> key_slot);
  void note(Routing& routing, const RouteRule& rule, const std::string& what);

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
  if (sandbox != nullptr) sandbox->beginRun(&fields_, trace == nullptr ? nullptr : &trace->lines);
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
    pushEventHandler(L, sandbox, rules, normalizer);
    sandbox.setHandlerLine(normalizer.line);
    pushJson(L, fields_.payload());
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
  routing.result.error = sandbox->protect(script, [&](lua_State* L) {
    pushWhereHandler(L, *sandbox, rules, *routing.table, rule);
    sandbox->setHandlerLine(rule.where_line);
    pushEvent(L);
    pushCtx(L);
    lua_call(L, 2, 1);
    yes = lua_toboolean(L, -1) != 0;
    sandbox->endHandler(L, index, keyOf(routing.table->declaration, rule.position));
  });
  return yes && !routing.result.error;
}

bool LuaRuleRunner::matches(Routing& routing, const RouteRule& rule) {
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

// A destination gets an event once, however many routes name it.
void LuaRuleRunner::addTargets(Routing& routing, const std::vector<std::string>& to,
                               const std::string& route, std::optional<size_t> key_slot) {
  auto& targets = routing.result.value.targets;
  const auto& rules = routing.rules;
  for (const std::string& destination : to) {
    const bool known = std::any_of(targets.begin(), targets.end(), [&](const RouteTarget& target) {
      return target.destination == destination;
    });
    if (known) continue;
    std::string key;
    if (key_slot) key = fields_.findOnce(rules.paths[*key_slot], *key_slot).scalarText();
    targets.push_back(
        {destination, route, rules.scripts[routing.table->script].label, std::move(key)});
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
    addTargets(routing, rule.to, rule.name, rule.key_slot);
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
  if (!matched && !routing.result.error) addTargets(routing, table.otherwise, "otherwise", {});
}

Ran<Routed> LuaRuleRunner::route(const Ruleset& ruleset, const Event& event, JsonView payload,
                                 Trace* trace) {
  Routing routing{static_cast<const CompiledRuleset&>(ruleset), nullptr, nullptr, trace, {}};
  fields_.reset(event, payload);
  for (const RouteTable& table : routing.rules.tables) {
    routing.table = &table;
    routeTable(routing);
    if (routing.result.error) break;
  }
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

}  // namespace

std::unique_ptr<RuleRunner> makeRuleRunner(const RuleBudget& budget) {
  return std::make_unique<LuaRuleRunner>(budget);
}

}  // namespace junctor::script
