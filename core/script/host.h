#pragma once
// RuleHost: where rules run. In this process (localRules), or in locked ones
// (isolation/rule_host.h). Rulesets are run by runners of the host that made them. Thread-safe.
#include <memory>
#include <string>
#include <vector>

#include "script/rules.h"
#include "script/tests.h"

namespace junctor::script {

class RuleHost {
 public:
  virtual ~RuleHost() = default;
  // As compileRules(). Unavailable: no process to be had.
  virtual Result<RulesetPtr> compile(const std::vector<RuleScript>& scripts,
                                     const Surroundings& surroundings,
                                     std::vector<RuleProblem>* problems = nullptr) = 0;
  virtual std::unique_ptr<RuleRunner> makeRunner(const RuleBudget& budget = {}) = 0;
  // As script::runTests().
  virtual TestReport runTests(const Ruleset& rules, const std::vector<RuleScript>& tests,
                              bool coverage = false) = 0;
  // Does run() gain from many tasks at once?
  virtual bool batches() const { return false; }
  // One line for a readiness check; "" = in this process.
  virtual std::string describe() const { return ""; }
};

RuleHost& localRules();

}  // namespace junctor::script
