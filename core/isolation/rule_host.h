#pragma once
// RuleWorkers: rules in processes of their own, locked like connectors' (isolation/lockdown.h). A
// worker runs the rules of many tenants, each in sandboxes of its own; what would break out of one
// ends at the process. Whoever runs rules has a worker for itself meanwhile.
//
// A run that ends its worker is run once more alone, in a fresh one. If that ends too, its event is
// not run again, and the tenant's rules wait a growing while; after limits::kConnectorCrashesMax
// such events in ten minutes these versions are quarantined, until they are released or others are
// published. Other tenants' runs that were lost with the worker are made again. Thread-safe.
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "script/host.h"

namespace junctor::isolation {

class Quarantine;
class RemoteRuleset;
class RuleChild;
class Spawner;

struct RuleWorkersOptions {
  std::string runner;                              // path of junctor-runner
  std::map<std::string, std::string> quarantined;  // as saved before: key -> cause
  // Makes one entry durable; an empty cause takes it away. Any thread.
  std::function<void(const std::string& key, const std::string& cause)> save_quarantine;
  uint32_t landlock_min = 0;  // run nothing with less; 0 = with whatever this kernel has
  int64_t kill_ms = limits::kRuleKillMs;
};

class RuleWorkers final : public script::RuleHost {
 public:
  RuleWorkers(RuleWorkersOptions options, const Clock& clock);
  ~RuleWorkers() override;  // runners and rulesets it made must be gone

  Result<script::RulesetPtr> compile(const std::vector<RuleScript>& scripts,
                                     const script::Surroundings& surroundings,
                                     std::vector<script::RuleProblem>* problems) override;
  // Runs rulesets of localRules() too, in this process.
  std::unique_ptr<script::RuleRunner> makeRunner(const script::RuleBudget& budget) override;
  script::TestReport runTests(const script::Ruleset& rules, const std::vector<RuleScript>& tests,
                              bool coverage) override;
  bool batches() const override { return true; }
  std::string describe() const override;

  // Lets the quarantined rules of a tenant run again. NotFound: there are none.
  Result<void> release(const std::string& tenant);
  std::vector<std::pair<std::string, std::string>> quarantined() const;  // "tenant@versions", cause
  // For tests: the process that the next run by one thread uses.
  std::vector<int> pidsForTest() const;

  // For the runners.
  Result<std::unique_ptr<RuleChild>> lease();
  void giveBack(std::unique_ptr<RuleChild> child);
  // Why these rules are not run now; none: they are.
  std::optional<script::RuleError> refusal(const RemoteRuleset& rules) const;
  void noteCrash(const RemoteRuleset& rules, const std::string& cause);
  int64_t killMs() const { return options_.kill_ms; }

 private:
  struct Trouble;
  const RuleWorkersOptions options_;
  const Clock& clock_;
  std::unique_ptr<Spawner> spawner_;
  std::unique_ptr<Quarantine> quarantine_;
  std::atomic<uint64_t> next_id_{1};
  std::atomic<bool> troubled_{false};  // some rules crashed, or are quarantined
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<RuleChild>> idle_;  // guarded by mutex_
  std::map<std::string, Trouble> troubles_;       // guarded by mutex_
  std::vector<int> running_;                      // guarded by mutex_: pids
  std::string locked_;                            // guarded by mutex_: how the last one is
  int64_t crashes_ = 0;                           // guarded by mutex_
};

}  // namespace junctor::isolation
