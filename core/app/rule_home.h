#pragma once
// RuleHome: where tenants' rules run, as the operator said (rules.isolation): in this process, in
// locked worker processes, or, by itself, in workers as soon as there is more than one tenant.
#include <atomic>
#include <memory>
#include <string>

#include "config/load.h"
#include "isolation/rule_host.h"
#include "script/host.h"
#include "store/store.h"

namespace junctor::app {

class RuleHome {
 public:
  // Reads the quarantine from the store. Starts no process before one is needed.
  static Result<std::unique_ptr<RuleHome>> open(const config::ServerConfig& config,
                                                store::Store& store, const Clock& clock);

  // Before the rules of a catalog of so many tenants are compiled.
  void expect(size_t tenants) { live_.in_workers = always_ || tenants > 1; }
  // For the life of an event.
  script::RuleHost& live() { return live_; }
  // For what is not live yet: never in this process unless the operator wants all there.
  script::RuleHost& checks() { return workers_ ? *workers_ : script::localRules(); }
  Result<void> release(const std::string& tenant);
  // One line for a readiness check.
  std::string remarks() const;

 private:
  struct Live final : script::RuleHost {
    Result<script::RulesetPtr> compile(const std::vector<RuleScript>& scripts,
                                       const script::Surroundings& surroundings,
                                       std::vector<script::RuleProblem>* problems) override {
      return of().compile(scripts, surroundings, problems);
    }
    // Of workers even if nothing runs there now: rulesets of either kind may come.
    std::unique_ptr<script::RuleRunner> makeRunner(const script::RuleBudget& budget) override {
      return workers ? workers->makeRunner(budget) : script::makeRuleRunner(budget);
    }
    script::TestReport runTests(const script::Ruleset& rules, const std::vector<RuleScript>& tests,
                                bool coverage) override {
      return of().runTests(rules, tests, coverage);
    }
    bool batches() const override { return workers && in_workers; }
    script::RuleHost& of() { return batches() ? *workers : script::localRules(); }

    isolation::RuleWorkers* workers = nullptr;
    std::atomic<bool> in_workers{false};
  };

  RuleHome() = default;
  bool always_ = false;
  std::unique_ptr<isolation::RuleWorkers> workers_;  // null: all in this process
  Live live_;
};

}  // namespace junctor::app
