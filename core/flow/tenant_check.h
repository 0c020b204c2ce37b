#pragma once
// Is what a tenant has in rules, tests, mappings and tables fit to go live? The one judgement of
// apply, publish and the command line.
#include <string>
#include <vector>

#include "flow/rulebook.h"
#include "script/tests.h"

namespace junctor::flow {

struct TenantCheck {
  script::RulesetPtr rules;                   // null if they do not compile
  std::vector<script::RuleProblem> problems;  // of rules, shadows, mappings and tables
  script::TestReport tests;

  bool fit() const { return problems.empty() && tests.passed(); }
  std::vector<std::string> told() const;  // all that is wrong, in words
};

// Compiles the rules, live and shadow, looks for the destinations they name, and runs the tests.
TenantCheck checkTenant(const Tenant& tenant, const mapping::BookPtr& shipped,
                        bool coverage = false, script::RuleHost& host = script::localRules());

}  // namespace junctor::flow
