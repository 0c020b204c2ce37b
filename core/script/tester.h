#pragma once
// Tester: what the functions of `t` reach besides their arguments.
#include <memory>

#include "script/ruleset.h"
#include "script/tests.h"

namespace junctor::script {

class Tester {
 public:
  Tester(const CompiledRuleset& rules, bool coverage, TestReport& report)
      : rules_(rules), coverage_(coverage), report_(report), runner_(makeRuleRunner()) {}

  const CompiledRuleset& rules() const { return rules_; }
  RuleRunner& runner() { return *runner_; }
  Trace newTrace() const {
    Trace trace;
    trace.details = coverage_;
    return trace;
  }
  // Takes over what the trace of one run collected.
  void add(const Trace& trace);

 private:
  const CompiledRuleset& rules_;
  const bool coverage_;
  TestReport& report_;
  std::unique_ptr<RuleRunner> runner_;
};

}  // namespace junctor::script
