#pragma once
// FlowHost: runs the deliveries of flows. The function is run over what is remembered
// (script/flow.h); the steps that it lacks are carried out, side by side where it asks for several,
// and remembered in the store before it is run again. Where nothing can be done now (a sleep, a
// wait, a failed step) the delivery goes back to the store until it is due or an event wakes it: a
// restart is the same thing as a long sleep.
//
// Thread-safe. Lua runs on threads of its own, steps on the performer's.
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/worker_pool.h"
#include "delivery/flow_lease.h"
#include "observe/metrics.h"
#include "steps/performer.h"
#include "steps/pinned_rules.h"
#include "steps/wait_board.h"

namespace junctor::steps {

struct FlowHostDeps {
  PerformerDeps performer;
  mapping::BookPtr shipped;
  std::function<void()> wake;  // a delivery became due in the store
  observe::Metrics& metrics;
  script::RuleHost& rules = script::localRules();  // as the rulebook's
};

class FlowHost {
 public:
  explicit FlowHost(FlowHostDeps deps);
  ~FlowHost();

  void adopt(flow::RulebookPtr book, delivery::TargetTablePtr targets);
  // Finds the waits of before the restart and what came for them since.
  void start();
  // Begins nothing any more; what is in flight is waited for by whoever holds the leases.
  void stop();
  // After stop(), before the HTTP client goes: ends the threads. Leases that are left are lost.
  void finish();

  void run(delivery::FlowLease lease);
  // An event became durable: waits may be over. Any thread; does not block.
  void onStored(const Event& event, const RawRequestPtr& request);

 private:
  struct Run {
    explicit Run(delivery::FlowLease given) : lease(std::move(given)) {}
    const Delivery& delivery() const { return lease.delivery; }

    const delivery::FlowLease lease;
    PinnedFlow flow;
    int64_t stretch_ends_ms = 0;  // monotonic
    int64_t started_at_ms = 0;
    // guarded by the host's mutex
    script::FlowMemory memory;
    std::set<std::string> in_flight;
    bool advancing = false, again = false;
    bool broken = false;  // the store does not take what was done: try again later
    std::optional<store::AttemptRecord> verdict;
    std::optional<store::AttemptRecord> failed;  // the last try of this stretch that failed
    int64_t due_at_ms = 0;                       // what to wait for if nothing is in flight
  };
  using RunPtr = std::shared_ptr<Run>;
  using Lock = std::unique_lock<std::mutex>;

  // flow_host.cpp
  Result<void> prepare(Run& run);
  void begin(const RunPtr& run);
  void advance(const RunPtr& run);
  void post(const RunPtr& run);
  bool mayPost(Run& run);
  bool stopping();
  std::vector<script::FlowStep> decide(Run& run, const script::FlowMemory& memory);
  std::vector<script::FlowStep> startable(Run& run, const std::vector<script::FlowStep>& wanted);
  void settle(const RunPtr& run);
  void conclude(const RunPtr& run, store::AttemptRecord record, int64_t due_at_ms);
  void suspend(const RunPtr& run, int64_t due_at_ms);
  void leave(const RunPtr& run);
  bool over(const Run& run) const;
  script::Ran<script::FlowRun> runLua(const Run& run, const script::FlowMemory& memory);
  void startStep(const RunPtr& run, const script::FlowStep& step);
  void stepEnded(const RunPtr& run, const script::FlowStep& step, int64_t started_ms,
                 const StepResult& result);
  Step putOff(const Run& run, const script::FlowStep& step, int64_t started_ms,
              const StepResult& result);
  void untried(const RunPtr& run, const script::FlowStep& step);
  Step failedStep(Run& run, const script::FlowStep& step, Step record, const StepResult& result);
  void put(const RunPtr& run, Step record);
  void remembered(const RunPtr& run, const Step& record, const Result<void>& stored);
  Step recordOf(const Run& run, const script::FlowStep& step, int64_t started_ms);

  // flow_host_waits.cpp
  bool watch(const WaitingStep& waiting);
  void startWaiting(const RunPtr& run, const script::FlowStep& step, Step record);
  void endWait(const Wait& wait, const EventEnvelope& event);
  void lookBack(const Wait& wait);
  void showNewest(const std::string& tenant);
  void waitOver(const Wait& wait, const Step& step, const Result<void>& stored);

  FlowHostDeps deps_;
  PinnedRules rules_;
  WaitBoard board_;
  std::mutex mutex_;
  std::map<DeliveryId, RunPtr> active_;                       // guarded by mutex_
  std::vector<std::unique_ptr<script::RuleRunner>> runners_;  // idle ones; guarded by mutex_
  SeededRandom random_;                                       // guarded by mutex_
  bool stopping_ = false;                                     // guarded by mutex_
  std::unique_ptr<Performer> performer_;
  std::unique_ptr<WorkerPool> pool_;  // runs Lua; last: its threads use the others
};

}  // namespace junctor::steps
