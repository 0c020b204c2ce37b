#include "isolation/rule_host.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "isolation/quarantine.h"
#include "isolation/rule_child.h"
#include "isolation/rule_runner.h"

namespace junctor::isolation {
namespace {

constexpr size_t kIdleWorkersMax = 4;

std::string tenantOf(const std::string& key) {
  return key.substr(0, key.rfind('@'));
}

}  // namespace

struct RuleWorkers::Trouble {
  CrashHistory history;
  int64_t not_before_ms = 0;
  std::string cause;
};

RuleWorkers::RuleWorkers(RuleWorkersOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      spawner_(std::make_unique<Spawner>(options_.runner)),
      quarantine_(std::make_unique<Quarantine>(options_.quarantined, options_.save_quarantine)),
      troubled_(!options_.quarantined.empty()) {}

RuleWorkers::~RuleWorkers() = default;

Result<std::unique_ptr<RuleChild>> RuleWorkers::lease() {
  {
    std::lock_guard lock(mutex_);
    while (!idle_.empty()) {
      auto child = std::move(idle_.back());
      idle_.pop_back();
      if (!child->dead()) return child;
    }
  }
  JUNCTOR_TRY(auto child, RuleChild::start(*spawner_, clock_, options_.landlock_min));
  std::lock_guard lock(mutex_);
  running_.push_back(child->pid());
  locked_ = child->lockdown().describe();
  return child;
}

void RuleWorkers::giveBack(std::unique_ptr<RuleChild> child) {
  if (!child) return;
  std::lock_guard lock(mutex_);
  if (!child->dead() && idle_.size() < kIdleWorkersMax) return idle_.push_back(std::move(child));
  std::erase(running_, child->pid());
}

Result<script::RulesetPtr> RuleWorkers::compile(const std::vector<RuleScript>& scripts,
                                                const script::Surroundings& surroundings,
                                                std::vector<script::RuleProblem>* problems) {
  const auto rules = std::make_shared<RemoteRuleset>(next_id_++, scripts, surroundings);
  std::string end;
  for (int attempt = 0; attempt < 2; ++attempt) {
    JUNCTOR_TRY(auto child, lease());
    auto compiled = child->define(*rules);
    end = child->end();
    giveBack(std::move(child));
    if (!compiled) continue;
    if (problems) {
      problems->insert(problems->end(), compiled->problems.begin(), compiled->problems.end());
    }
    if (!compiled->good) return invalidArgument(compiled->error);
    JUNCTOR_CHECK(rules->adopt(std::move(compiled->summary)));
    return script::RulesetPtr(rules);
  }
  const std::string cause = "the rules cannot be compiled: twice, their process " + end;
  log::error("rules", {{"rules", rules->key()}}, "{}", cause);
  if (problems) problems->push_back({"", cause});
  return invalidArgument(cause);
}

std::unique_ptr<script::RuleRunner> RuleWorkers::makeRunner(const script::RuleBudget& budget) {
  return std::make_unique<RemoteRunner>(*this, budget);
}

script::TestReport RuleWorkers::runTests(const script::Ruleset& rules,
                                         const std::vector<RuleScript>& tests, bool coverage) {
  const auto* remote = dynamic_cast<const RemoteRuleset*>(&rules);
  if (!remote) return script::runTests(rules, tests, coverage);
  script::TestReport report;
  std::string why;
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto child = lease();
    if (!child) {
      report.problems.push_back(child.error().message);
      return report;
    }
    std::optional<std::string> answer;
    if ((*child)->define(*remote)) {
      Packer out;
      out.u8(static_cast<uint8_t>(RuleMethod::Test)).u64(remote->id());
      pack(out, tests);
      pack(out, coverage);
      answer = (*child)->ask(out.take(), limits::kRuleCheckMs);
    }
    if (answer) {
      Unpacker in(*answer);
      if (unpackAll(in, report)) {
        giveBack(std::move(*child));
        return report;
      }
      report = {};
      (*child)->distrust();
    }
    why = (*child)->end();
    giveBack(std::move(*child));
  }
  report.problems.push_back("the tests cannot be run: twice, their process " + why);
  return report;
}

std::optional<script::RuleError> RuleWorkers::refusal(const RemoteRuleset& rules) const {
  if (!troubled_.load(std::memory_order_relaxed)) return std::nullopt;
  script::RuleError error;
  error.rule = rules.key();
  if (const auto cause = quarantine_->causeOf(rules.key())) {
    error.crashed = true;
    error.message = "quarantined: " + *cause;
    return error;
  }
  std::lock_guard lock(mutex_);
  const auto found = troubles_.find(rules.key());
  if (found == troubles_.end()) return std::nullopt;
  const int64_t wait_ms = found->second.not_before_ms - clock_.monotonicMs();
  if (wait_ms <= 0) return std::nullopt;
  error.retry_ms = wait_ms;
  error.message = found->second.cause;
  return error;
}

void RuleWorkers::noteCrash(const RemoteRuleset& rules, const std::string& cause) {
  log::error("rules", {{"rules", rules.key()}}, "{}", cause);
  std::unique_lock lock(mutex_);
  ++crashes_;
  Trouble& trouble = troubles_[rules.key()];
  const int64_t now_ms = clock_.monotonicMs();
  trouble.history.crashed(now_ms);
  trouble.not_before_ms = now_ms + trouble.history.backoffMs();
  trouble.cause = cause;
  troubled_ = true;
  if (!trouble.history.tooMany()) return;
  const std::string all =
      fmt::format("{} events ended their process in 10 minutes, the last time: {}",
                  trouble.history.recent(), cause);
  troubles_.erase(rules.key());
  lock.unlock();
  quarantine_->put(rules.key(), all);
  log::error("rules", {{"rules", rules.key()}},
             "quarantined: they do not run until they are released or others are published");
}

Result<void> RuleWorkers::release(const std::string& tenant) {
  bool released = false;
  for (const auto& [key, cause] : quarantine_->all()) {
    if (tenantOf(key) == tenant) released |= quarantine_->release(key);
  }
  if (!released) return notFound("no rules of tenant '" + tenant + "' are quarantined");
  log::warn("rules", {{"tenant", tenant}}, "released from quarantine");
  return {};
}

std::vector<std::pair<std::string, std::string>> RuleWorkers::quarantined() const {
  return quarantine_->all();
}

std::string RuleWorkers::describe() const {
  std::unique_lock lock(mutex_);
  std::string text = "own processes";
  if (!locked_.empty()) text += " (" + locked_ + ")";
  text += fmt::format(", {} running", running_.size());
  if (crashes_ > 0) text += fmt::format(", {} events ended theirs", crashes_);
  lock.unlock();
  for (const auto& [key, cause] : quarantine_->all()) text += "; " + key + " quarantined: " + cause;
  return text;
}

std::vector<int> RuleWorkers::pidsForTest() const {
  std::lock_guard lock(mutex_);
  return running_;
}

}  // namespace junctor::isolation
