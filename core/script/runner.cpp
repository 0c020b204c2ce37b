#include "script/runner.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "script/host.h"
#include "script/view.h"

namespace junctor::script {

std::string shownField(const Field& field) {
  constexpr size_t kShownMax = 80;
  if (field.absent()) return "absent";
  if (field.kind == Field::Kind::Json && !field.json.isString()) {
    return field.json.dump().substr(0, kShownMax);
  }
  return '"' + field.scalarText().substr(0, kShownMax) + '"';
}

std::string clippedError(std::string text) {
  if (text.size() > limits::kRuleErrorBytesMax) text.resize(limits::kRuleErrorBytesMax);
  while (!text.empty() && !validUtf8(text)) text.pop_back();
  return text;
}

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
  const int64_t fuel = sandbox->context().budget.fuelUsed();
  fuel_ += fuel;
  if (trace != nullptr) trace->fuel += fuel;
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

// One after another.
void LuaRuleRunner::run(std::span<RuleTask> tasks) {
  for (RuleTask& task : tasks) {
    fuel_ = 0;
    task.normalized = normalize(*task.rules, *task.event, task.payload, task.trace);
    const bool routes = task.rules->routeCount() + task.rules->flowCount() > 0;
    if (!task.normalized.error && routes) {
      task.routed = route(*task.rules, *task.event, task.payload, task.trace);
    }
    task.fuel = fuel_;
  }
}

std::unique_ptr<RuleRunner> makeRuleRunner(const RuleBudget& budget) {
  return std::make_unique<LuaRuleRunner>(budget);
}

namespace {

class LocalRules final : public RuleHost {
 public:
  Result<RulesetPtr> compile(const std::vector<RuleScript>& scripts,
                             const Surroundings& surroundings,
                             std::vector<RuleProblem>* problems) override {
    return compileRules(scripts, surroundings, problems);
  }
  std::unique_ptr<RuleRunner> makeRunner(const RuleBudget& budget) override {
    return makeRuleRunner(budget);
  }
  TestReport runTests(const Ruleset& rules, const std::vector<RuleScript>& tests,
                      bool coverage) override {
    return script::runTests(rules, tests, coverage);
  }
};

}  // namespace

RuleHost& localRules() {
  static LocalRules rules;
  return rules;
}

}  // namespace junctor::script
