// compileRules: every script in its own sandbox, once; all errors at once.
#include <fmt/core.h>

#include <atomic>

#include "script/declaration.h"
#include "script/rules.h"
#include "script/ruleset.h"
#include "script/sandbox.h"
#include "script/source_check.h"

namespace junctor::script {
namespace {

// Lua cuts longer chunk names, and the line of an error is found behind the name.
constexpr size_t kNameInLabelMax = 40;

Result<void> compileOne(const RuleScript& source, CompiledRuleset& rules) {
  JUNCTOR_CHECK(checkSource(source));
  const size_t index = rules.scripts.size();
  rules.scripts.push_back({labelOf(source), source.source});
  const ScriptText script = rules.scripts.back();
  const auto sandbox = Sandbox::open(RuleBudget{});
  if (!sandbox) return internalError("no sandbox: out of memory");
  const auto declared = [&rules] {
    return rules.routes.size() + rules.normalizers.size() + rules.maps.size() + rules.flows.size();
  };
  const size_t before = declared();
  sandbox->beginRun(nullptr, nullptr);
  const auto error = sandbox->protect(script, [&](lua_State* L) {
    sandbox->load(L, index, script);
    sandbox->prepare(L, index);
    readDeclarations(L, rules, index);
  });
  if (error) return invalidArgument(error->rule + ": " + error->message);
  if (declared() == before) {
    return invalidArgument(script.label +
                           ":1: declares nothing; call jn.normalize, jn.route, jn.map or jn.flow");
  }
  return {};
}

Result<void> addTable(const LookupTable& table, CompiledRuleset& rules) {
  auto lookup = std::make_unique<Lookup>();
  auto root = lookup->document.parse(table.json);
  if (!root || !root->isObject()) {
    return invalidArgument("table " + table.name + " is not a JSON object");
  }
  lookup->document.settle();  // all threads read it
  for (auto it = root->begin(), end = root->end(); it != end; ++it) {
    lookup->values.emplace(it.key(), *it);
  }
  rules.tables[table.name] = std::move(lookup);
  return {};
}

// Any script may declare the mapping that another one's route names.
Result<void> checkTargets(const CompiledRuleset& rules, const RouteTable& table) {
  const auto check = [&](const std::vector<Target>& targets, const std::string& rule) {
    for (const Target& target : targets) {
      if (target.mapping.empty() || rules.mapping(target.mapping)) continue;
      std::string known;
      for (const auto& entry : rules.mappings()) {
        if (known.size() < 200) known += (known.empty() ? "" : ", ") + entry->name();
      }
      return Result<void>(invalidArgument(fmt::format(
          "{}: rule '{}': there is no mapping '{}'; known: {}", rules.scripts[table.script].label,
          rule, target.mapping.substr(0, 80), known.empty() ? "none" : known)));
    }
    return Result<void>();
  };
  for (const RouteRule& rule : table.rules) JUNCTOR_CHECK(check(rule.to, rule.name));
  return check(table.otherwise, "otherwise");
}

std::string joined(const std::vector<std::string>& list, const char* separator) {
  std::string all;
  for (const std::string& one : list) all += (all.empty() ? "" : separator) + one;
  return all;
}

Result<RulesetPtr> failed(const std::vector<RuleProblem>& found,
                          std::vector<RuleProblem>* problems) {
  std::vector<std::string> messages;
  for (const RuleProblem& problem : found) messages.push_back(problem.message);
  if (problems) problems->insert(problems->end(), found.begin(), found.end());
  return invalidArgument(joined(messages, "; "));
}

// What is under way is found again by a flow's name.
Result<void> checkFlows(const CompiledRuleset& rules) {
  std::map<std::string, const Flow*> known;
  for (const Flow& flow : rules.flows) {
    const auto [before, fresh] = known.emplace(flow.info.name, &flow);
    if (fresh) continue;
    return invalidArgument(fmt::format("{}:{}: there is a flow '{}' already, in {}",
                                       flow.info.rule_version, flow.line, flow.info.name,
                                       before->second->info.rule_version));
  }
  return {};
}

}  // namespace

std::string labelOf(const RuleScript& script) {
  return script.name.substr(0, kNameInLabelMax) + "@" + script.version.substr(0, 12);
}

Result<RulesetPtr> compileRules(const std::vector<RuleScript>& scripts,
                                const Surroundings& surroundings,
                                std::vector<RuleProblem>* problems) {
  static std::atomic<uint64_t> next_id{1};
  auto rules = std::make_shared<CompiledRuleset>();
  rules->id = next_id++;
  rules->book = surroundings.mappings;
  std::vector<RuleProblem> found;
  for (const LookupTable& table : surroundings.tables) {
    if (const auto added = addTable(table, *rules); !added) {
      found.push_back({"", added.error().message});
    }
  }
  for (const RuleScript& script : scripts) {
    const auto compiled = compileOne(script, *rules);
    if (!compiled) found.push_back({script.name, compiled.error().message});
  }
  if (!found.empty()) return failed(found, problems);
  for (const RouteTable& table : rules->routes) {
    const auto checked = checkTargets(*rules, table);
    if (!checked) found.push_back({scripts[table.script].name, checked.error().message});
  }
  if (const auto checked = checkFlows(*rules); !checked) {
    found.push_back({"", checked.error().message});
  }
  if (!found.empty()) return failed(found, problems);
  rules->version_text = joined(rules->versions(), " ");
  return RulesetPtr(std::move(rules));
}

}  // namespace junctor::script
