#include "script/tests.h"

#include <fmt/core.h>

#include <algorithm>

#include "script/bytecode.h"
#include "script/declaration.h"
#include "script/lib.h"
#include "script/sandbox.h"
#include "script/source_check.h"
#include "script/tester.h"

namespace junctor::script {
namespace {

constexpr RuleBudget kTestBudget{limits::kRuleTestFuelMax, limits::kRuleTestWallMs,
                                 limits::kRuleMemoryBytesMax};

// Tests run while a change waits: all of a tenant's together take seconds, not minutes.
constexpr int64_t kAllTestsFuelMax = 10 * limits::kRuleTestFuelMax;

struct Found {
  size_t declaration;
  lua_Integer position;
  std::string name;
};

// Stack: the declarations. Pushes the list of tests of one of them.
void pushTests(lua_State* L, size_t declaration) {
  lua_rawgeti(L, -1, static_cast<lua_Integer>((declaration - 1) * kDeclarationFields + 1));
}

std::vector<Found> readTests(lua_State* L, const ScriptText& script) {
  std::vector<Found> found;
  const auto length = static_cast<lua_Integer>(lua_rawlen(L, -1));
  for (lua_Integer at = 1; at + 2 <= length; at += kDeclarationFields) {
    lua_rawgeti(L, -1, at + 1);
    const auto kind = static_cast<DeclarationKind>(lua_tointeger(L, -1));
    lua_rawgeti(L, -2, at + 2);
    const TableReader reader(L, script.label, static_cast<int>(lua_tointeger(L, -1)));
    lua_pop(L, 2);
    if (kind != DeclarationKind::Tests) reader.fail("a test script declares jn.tests alone");
    const size_t declaration = static_cast<size_t>(at / kDeclarationFields) + 1;
    pushTests(L, declaration);
    const lua_Integer tests = reader.listLength(-1, "tests");
    for (lua_Integer i = 1; i <= tests; ++i) {
      const bool table = lua_rawgeti(L, -1, i) == LUA_TTABLE;
      if (!table)
        reader.fail(fmt::format("test {} is written {{ \"name\", function(t) … end }}", i));
      lua_rawgeti(L, -1, 1);
      const std::string name = reader.textAt(-1, fmt::format("the name of test {}", i));
      if (lua_rawgeti(L, -2, 2) != LUA_TFUNCTION) reader.fail("test '" + name + "' is no function");
      lua_pop(L, 3);
      found.push_back({declaration, i, name});
    }
    lua_pop(L, 1);
  }
  return found;
}

TestResult runOne(const CompiledRuleset& rules, Tester& tester, const ScriptText& script,
                  const Found& test) {
  TestResult result;
  result.script = script.label;
  result.name = test.name;
  const auto sandbox = Sandbox::open(kTestBudget);
  if (!sandbox) return result.message = "no memory for a sandbox", result;
  sandbox->beginRun(nullptr, nullptr, &rules);
  sandbox->context().tester = &tester;
  const auto error = sandbox->protect(script, [&](lua_State* L) {
    sandbox->load(L, 0, script);
    sandbox->prepare(L, 0);
    pushTests(L, test.declaration);
    lua_rawgeti(L, -1, test.position);
    lua_rawgeti(L, -1, 2);
    pushTestLibrary(L);
    lua_call(L, 1, 0);
  });
  result.fuel = sandbox->context().budget.fuelUsed();
  result.passed = !error;
  if (error) result.message = error->rule + ": " + error->message;
  return result;
}

Result<std::vector<Found>> findTests(const RuleScript& source, const ScriptText& script) {
  JUNCTOR_CHECK(checkSource(source));
  const auto sandbox = Sandbox::open(RuleBudget{});
  if (!sandbox) return internalError("no memory for a sandbox");
  sandbox->beginRun(nullptr, nullptr);
  std::vector<Found> found;
  const auto error = sandbox->protect(script, [&](lua_State* L) {
    sandbox->load(L, 0, script);
    sandbox->prepare(L, 0);
    found = readTests(L, script);
  });
  if (error) return invalidArgument(error->rule + ": " + error->message);
  if (found.empty()) return invalidArgument(script.label + ":1: holds no test; call jn.tests");
  return found;
}

// Lines that hold code, and those that the top level runs.
ScriptCoverage coverageOf(const ScriptText& script) {
  ScriptCoverage coverage;
  const auto sandbox = Sandbox::open(RuleBudget{});
  if (!sandbox) return coverage;
  Trace trace;
  trace.details = true;
  sandbox->beginRun(nullptr, &trace);
  (void)sandbox->protect(script, [&](lua_State* L) {
    const std::string_view source = script.source;
    if (luaL_loadbufferx(L, source.data(), source.size(), "=x", "t") != LUA_OK) return;
    if (auto facts = inspectChunk(L)) coverage.lines = std::move(facts->lines);
    sandbox->load(L, 0, script);
    sandbox->prepare(L, 0);
  });
  coverage.hits = trace.hits[script.label];
  return coverage;
}

}  // namespace

size_t ScriptCoverage::covered() const {
  return static_cast<size_t>(
      std::count_if(lines.begin(), lines.end(), [this](int line) { return hits.contains(line); }));
}

bool TestReport::passed() const {
  return problems.empty() && failures() == 0;
}

size_t TestReport::failures() const {
  return static_cast<size_t>(std::count_if(results.begin(), results.end(),
                                           [](const TestResult& one) { return !one.passed; }));
}

void Tester::add(const Trace& trace) {
  if (!coverage_) return;
  for (const auto& [label, hits] : trace.hits) {
    for (const auto& [line, times] : hits) report_.coverage[label].hits[line] += times;
  }
  for (const Trace::Read& read : trace.reads) {
    auto& all = report_.absent;
    const auto known = std::find_if(all.begin(), all.end(),
                                    [&](const Trace::Read& one) { return one.path == read.path; });
    if (known == all.end()) {
      all.push_back(read);
    } else if (known->value.empty()) {
      known->value = read.value;
    }
  }
}

TestReport runTests(const Ruleset& ruleset, const std::vector<RuleScript>& tests, bool coverage) {
  const auto& rules = static_cast<const CompiledRuleset&>(ruleset);
  TestReport report;
  for (const ScriptText& script : rules.scripts) {
    if (coverage) report.coverage[script.label] = coverageOf(script);
  }
  Tester tester(rules, coverage, report);
  int64_t fuel = 0;
  for (const RuleScript& test : tests) {
    const ScriptText script{test.name + "@" + test.version, test.source};
    const auto found = findTests(test, script);
    if (!found) {
      report.problems.push_back(found.error().message);
      continue;
    }
    for (const Found& one : *found) {
      if (report.results.size() >= limits::kRuleTestsMax) {
        report.problems.push_back("more than " + std::to_string(limits::kRuleTestsMax) + " tests");
        return report;
      }
      if (fuel > kAllTestsFuelMax) {
        report.problems.push_back("the tests of the tenant need too many instructions in all");
        return report;
      }
      report.results.push_back(runOne(rules, tester, script, one));
      fuel += report.results.back().fuel;
    }
  }
  std::erase_if(report.absent, [](const Trace::Read& read) { return !read.value.empty(); });
  return report;
}

}  // namespace junctor::script
