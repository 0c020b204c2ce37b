#pragma once
// Tests of rules, written in Lua (jn.tests), run in the same sandbox as rules. One test has a
// budget of its own (limits::kRuleTest…); each run of a rule that it asks for has a rule's.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "script/rules.h"

namespace junctor::script {

struct TestResult {
  std::string script, name;
  bool passed = false;
  std::string message;  // "name@version:line: …", "" if passed
  int64_t fuel = 0;
};

struct ScriptCoverage {
  std::set<int> lines;      // that hold code
  std::map<int, int> hits;  // line -> times
  size_t covered() const;
};

struct TestReport {
  std::vector<TestResult> results;
  std::vector<std::string> problems;               // of test scripts that cannot be read
  std::map<std::string, ScriptCoverage> coverage;  // by "name@version" of the rules
  std::vector<Trace::Read> absent;                 // fields that rules read and no payload had

  bool passed() const;
  size_t failures() const;
};

// Runs every test of the scripts against the rules. Coverage costs time; not at publish.
TestReport runTests(const Ruleset& rules, const std::vector<RuleScript>& tests,
                    bool coverage = false);

}  // namespace junctor::script
