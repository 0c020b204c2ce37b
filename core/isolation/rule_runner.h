#pragma once
// RemoteRunner: a RuleRunner whose rules run in a worker of RuleWorkers; one thread at a time.
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "isolation/rule_child.h"
#include "isolation/rule_host.h"

namespace junctor::isolation {

class RemoteRunner final : public script::RuleRunner {
 public:
  RemoteRunner(RuleWorkers& workers, const script::RuleBudget& budget)
      : workers_(workers), budget_(budget) {}
  ~RemoteRunner() override { workers_.giveBack(std::move(child_)); }

  script::Ran<bool> normalize(const script::Ruleset& rules, Event& event, JsonView payload,
                              script::Trace* trace) override;
  script::Ran<script::Routed> route(const script::Ruleset& rules, const Event& event,
                                    JsonView payload, script::Trace* trace) override;
  void run(std::span<script::RuleTask> tasks) override;
  script::Ran<script::FlowRun> flow(const script::Ruleset& rules, const script::FlowInfo& flow,
                                    const Event& event, JsonView payload,
                                    const script::FlowMemory& memory,
                                    script::Trace* trace) override;
  script::Ran<mapping::Converted> convert(const script::Ruleset& rules, std::string_view name,
                                          mapping::Direction direction,
                                          const mapping::Value& object,
                                          script::Trace* trace) override;

 private:
  using Tasks = std::vector<script::RuleTask*>;
  // How a try in a worker went.
  enum class Tried { Done, HostTrouble, Ended };
  void runPart(TaskPart part, std::span<script::RuleTask> tasks);
  // Takes off `tasks` those that are done with.
  Tried runTogether(TaskPart part, std::span<script::RuleTask*>& tasks);
  size_t packTogether(TaskPart part, std::span<script::RuleTask*> tasks, std::string& call);
  // How many of the results made sense.
  size_t takeResults(TaskPart part, std::span<script::RuleTask*> tasks, const std::string& answer);
  void runAlone(TaskPart part, script::RuleTask& task);
  // Asks what `pack` makes, twice if need be; `rules` are to blame if that ends both workers.
  template <class Pack, class Read>
  std::optional<script::RuleError> askOne(const RemoteRuleset& rules, Pack&& pack, Read&& read);
  Tried ready(const RemoteRuleset& rules);
  script::RuleRunner& local();

  RuleWorkers& workers_;
  const script::RuleBudget budget_;
  std::unique_ptr<RuleChild> child_;
  std::unique_ptr<script::RuleRunner> local_;
  std::string trouble_;  // why there is no worker, or how the last one ended
  Packer heads_;
  std::string results_;
};

}  // namespace junctor::isolation
