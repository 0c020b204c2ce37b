#include "flow/tenant_check.h"

#include <fmt/core.h>

#include "config/suggest.h"

namespace junctor::flow {
namespace {

void checkDestinations(const Tenant& tenant, const script::Ruleset& rules,
                       std::vector<script::RuleProblem>& problems) {
  std::vector<std::string> known;
  for (const auto& [name, destination] : tenant.destinations) known.push_back(name);
  for (const std::string& name : rules.destinations()) {
    if (tenant.destinations.contains(name)) continue;
    problems.push_back(
        {"", fmt::format("a route sends to '{}', which destinations.yaml does not have{}", name,
                         config::didYouMean(name, known))});
  }
}

}  // namespace

std::vector<std::string> TenantCheck::told() const {
  std::vector<std::string> all;
  for (const script::RuleProblem& problem : problems) all.push_back(problem.message);
  for (const std::string& problem : tests.problems) all.push_back(problem);
  for (const script::TestResult& test : tests.results) {
    if (!test.passed) all.push_back(fmt::format("test '{}' fails: {}", test.name, test.message));
  }
  return all;
}

TenantCheck checkTenant(const Tenant& tenant, const mapping::BookPtr& shipped, bool coverage,
                        script::RuleHost& host) {
  TenantCheck check;
  std::vector<std::string> wrong;
  const auto surroundings = surroundingsOf(tenant, shipped, wrong);
  for (std::string& problem : wrong) check.problems.push_back({"", std::move(problem)});
  auto rules = host.compile(tenant.rules, surroundings, &check.problems);
  if (!rules && check.problems.empty()) check.problems.push_back({"", rules.error().message});
  if (!rules) return check;
  check.rules = *rules;
  checkDestinations(tenant, *check.rules, check.problems);
  check.tests = host.runTests(*check.rules, tenant.tests, coverage);
  if (tenant.shadows.empty()) return check;
  auto shadows = host.compile(withShadows(tenant), surroundings, &check.problems);
  if (shadows) checkDestinations(tenant, **shadows, check.problems);
  return check;
}

}  // namespace junctor::flow
