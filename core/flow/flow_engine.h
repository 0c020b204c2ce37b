#pragma once
// FlowEngine: takes durable requests through the planner and stores what it planned. Worker threads
// share one window; what does not fit rests on the store's inbox and is scanned when there is room,
// which is also how a restart recovers. Workers never wait for a connector's process: a request
// that is not answered in milliseconds, whose process must be started first or has crashed, goes to
// patient threads, one line per integration; later ones of the integration stand behind it.
//
// Requests of a disabled integration are parked in the store, whatever their number at no cost to
// others. Once it is enabled (or gone) they go back on the inbox, oldest first.
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/threads.h"
#include "flow/failing.h"
#include "flow/planner.h"
#include "flow/slow_lines.h"
#include "observe/metrics.h"
#include "queue/work_window.h"
#include "quota/quotas.h"

namespace junctor::flow {

struct FlowDeps {
  store::Store& store;
  const plugin::Registry& registry;
  IdSource& ids;
  const Clock& clock;
  observe::Metrics& metrics;
  // Once for each trouble and its end; any thread, must not block.
  std::function<void(const IntegrationTrouble&)> tell = {};
  quota::Keeper* quotas = nullptr;  // counts events, says when bulk deliveries are discarded
  script::RuleHost& rules = script::localRules();  // where the rulebook's rules were compiled
};

class FlowEngine {
 public:
  // Called on the store's writer thread with each delivery that became durable and may run.
  using OnPlanned = std::function<void(const Delivery&, const EventPtr&)>;

  // Called there too, before that, with every event that became durable.
  using OnStored = std::function<void(const Event&, const RawRequestPtr&)>;

  FlowEngine(FlowDeps deps, int workers, OnPlanned on_planned, OnStored on_stored = {});
  ~FlowEngine();  // stops: finishes what runs, leaves the rest to the store

  void adopt(RulebookPtr book);
  void start();
  void stop();
  // Any thread: a request that just became durable.
  void offer(const RawRequestPtr& request);
  // Any thread: the store may hold requests that nobody offered.
  void wake();
  // What is held and not begun is others' now.
  void forget();
  // Sends a stored event through today's rules (and its request through the connector, if that
  // failed before); `done` gets the new deliveries once they are durable. `settles`: the dead
  // letter that is thereby done with, in the same transaction. Any thread.
  struct Again {
    std::optional<DeliveryId> settles = std::nullopt;
    // Of the new deliveries only those; none is InvalidArgument. Asked before replay() returns.
    std::function<bool(const Delivery&)> keep = {};
    std::optional<store::Document> note = std::nullopt;  // put in the same transaction
    bool bulk = false;                                   // the new deliveries are bulk work
    Planner* planner = nullptr;  // of the calling thread: who replays many makes one
  };
  void replay(const EventPtr& event, const Again& again,
              std::function<void(Result<std::vector<DeliveryId>>)> done);
  std::unique_ptr<Planner> makePlanner();
  size_t held() const;
  RulebookPtr book() const;
  // Has a newer event of its resource been seen? Any thread.
  bool stale(const Event& event) const { return freshness_.stale(event); }
  Failing& failing() { return failing_; }
  // What a tenant's shadow rules would have done since they run.
  ShadowReport shadowReport(const std::string& tenant) const { return shadows_.report(tenant); }

 private:
  using Window = queue::WorkWindow<RawRequestPtr>;
  using Batch = std::vector<Window::Leased>;

  void work();
  void waitPatiently();
  bool handOver(const Window::Leased& leased);
  bool standsBehind(const Window::Leased& leased);
  Batch take();
  void scan();
  void process(Planner& planner, std::span<const Window::Leased> some, bool patient);
  std::optional<Planner::Draft> draft(Planner& planner, const Window::Leased& leased, bool patient);
  void keep(const Window::Leased& leased, Result<store::FlowOutcome> planned, int64_t started_ns);
  void postpone(const Window::Leased& leased, const Error& error);
  void park(const Window::Leased& leased);
  void unparkEnabled();
  static bool neverPlanned(const Event& event);
  void noteTrouble(const store::FlowOutcome& outcome);
  void dropBulk(store::FlowOutcome& outcome) const;
  void finished(const Window::Leased& leased, const std::shared_ptr<store::FlowOutcome>& outcome,
                const Result<store::FlowStored>& stored);
  void offerPlanned(const RawRequestPtr& request, store::FlowOutcome& outcome,
                    const store::FlowStored& stored);

  FlowDeps deps_;
  const int worker_count_;
  const OnPlanned on_planned_;
  const OnStored on_stored_;
  observe::Counter& events_;
  observe::Counter& duplicates_;
  observe::Histogram& flow_seconds_;

  Freshness freshness_;
  Failing failing_;
  ShadowBoard shadows_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  Window window_;                   // guarded by mutex_
  RulebookPtr book_;                // guarded by mutex_
  SlowLines<Window::Leased> slow_;  // guarded by mutex_
  std::condition_variable slow_ready_;
  int idle_ = 0;           // guarded by mutex_
  bool scanning_ = false;  // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  int64_t unpark_at_ = 0;  // guarded by mutex_; monotonic: when to look for what parks no more
  std::vector<Thread> workers_;
};

}  // namespace junctor::flow
