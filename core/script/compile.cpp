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

std::string labelOf(const RuleScript& script) {
  return script.name.substr(0, kNameInLabelMax) + "@" + script.version.substr(0, 12);
}

Result<void> compileOne(const RuleScript& source, CompiledRuleset& rules) {
  JUNCTOR_CHECK(checkSource(source));
  const size_t index = rules.scripts.size();
  rules.scripts.push_back({labelOf(source), source.source});
  const ScriptText script = rules.scripts.back();
  const auto sandbox = Sandbox::open(RuleBudget{});
  if (!sandbox) return internalError("no sandbox: out of memory");
  const size_t before = rules.tables.size() + rules.normalizers.size();
  sandbox->beginRun(nullptr, nullptr);
  const auto error = sandbox->protect(script, [&](lua_State* L) {
    sandbox->load(L, index, script);
    sandbox->prepare(L, index);
    readDeclarations(L, rules, index);
  });
  if (error) return invalidArgument(error->rule + ": " + error->message);
  if (rules.tables.size() + rules.normalizers.size() == before) {
    return invalidArgument(script.label + ":1: declares nothing; call jn.normalize or jn.route");
  }
  return {};
}

}  // namespace

Result<RulesetPtr> compileRules(const std::vector<RuleScript>& scripts) {
  static std::atomic<uint64_t> next_id{1};
  auto rules = std::make_shared<CompiledRuleset>();
  rules->id = next_id++;
  std::string problems;
  for (const RuleScript& script : scripts) {
    const auto compiled = compileOne(script, *rules);
    if (compiled) continue;
    if (!problems.empty()) problems += "; ";
    problems += compiled.error().message;
  }
  if (!problems.empty()) return invalidArgument(std::move(problems));
  return RulesetPtr(std::move(rules));
}

}  // namespace junctor::script
