#pragma once
// Dispatcher: leases deliveries, sends them, records each attempt together with what it means.
// One thread builds and signs requests; the HTTP client's loop carries them; the store's writer
// thread settles the lease when the record is durable. A crash in between repeats the attempt with
// the same webhook-id: at least once, honestly (P2).
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/threads.h"
#include "delivery/flow_lease.h"
#include "delivery/lanes.h"
#include "delivery/outcome.h"
#include "delivery/target.h"
#include "model/delivery.h"
#include "observe/metrics.h"
#include "queue/work_window.h"
#include "quota/quotas.h"
#include "store/store.h"

namespace junctor::delivery {

// A destination begins or ends to be in error.
struct Trouble {
  std::string tenant, destination;
  int64_t since_ms = 0;  // when it began
  bool over = false;
  bool gone = false;     // it answered 410 and is disabled
  std::string reason{};  // of the last delivery given up
};

struct DispatcherDeps {
  store::Store& store;
  net::HttpClient& client;
  const Clock& clock;
  observe::Metrics& metrics;
  // Has a newer event of its resource been seen? Unset: never. Any thread.
  std::function<bool(const Event&)> stale = {};
  // Once for each trouble and its end; any thread, must not block.
  std::function<void(const Trouble&)> tell = {};
  quota::Keeper* quotas = nullptr;  // counts attempts, says which tenants' deliveries wait
};

// Why a call does not begin now.
struct CallWait {
  std::string why;
  int64_t wait_ms = 0;      // when to ask again
  bool in_trouble = false;  // not for a moment: whoever can do without it should
};

class Dispatcher {
 public:
  explicit Dispatcher(DispatcherDeps deps);
  ~Dispatcher();

  // The destinations to send to. Also wakes what waits for a destination that was disabled or
  // missing: a new table means somebody looked after it.
  void adopt(TargetTablePtr targets);
  // Who runs the deliveries of flows; before start().
  void setFlowRunner(FlowRunner runner) { flow_runner_ = std::move(runner); }
  void start();
  // Takes no new leases; returns when what is in flight is recorded, or after `deadline_ms`.
  void stop(int64_t deadline_ms);

  // Any thread: a delivery that just became durable.
  void offer(const Delivery& delivery, const EventPtr& event);
  // Something in the store became due (redrive).
  void wake();
  // What is held and not begun is others' now.
  void forget();
  // Another process of the cluster may have paused, resumed, disabled or enabled a destination.
  void follow();
  // Keeps a delivery from being sent while a person decides about it; false if it is being sent.
  bool claim(DeliveryId id);
  void unclaim(DeliveryId id);
  // Any thread.
  LaneHealth healthOf(const std::string& tenant, const std::string& destination) const;
  // Holds a destination's deliveries back until it is resumed, also over a restart. Resuming closes
  // its circuit too. Blocks on the store.
  Result<void> setPaused(const std::string& tenant, const std::string& destination, bool paused);
  // A call of a flow to a destination heeds what deliveries heed: a pause, an error, the circuit,
  // rate and concurrency, the receiver's word, the tenant's caps. None: it may begin, and endCall()
  // follows with what it says about the receiver. Any thread.
  std::optional<CallWait> beginCall(const std::string& tenant, const std::string& destination);
  void endCall(const std::string& tenant, const std::string& destination, queue::GateSign sign,
               std::optional<int64_t> wait_ms);
  size_t held() const;
  size_t inFlight() const;
  size_t lanesInError() const;

 private:
  struct Item {
    Delivery delivery;
    EventPtr event;  // null: loaded from the store when leased
  };
  static constexpr int64_t kScanRetryMs = 1'000;
  static constexpr const char* kDisabledKind = "destination-disabled";
  static constexpr const char* kPausedKind = "destination-paused";
  static constexpr const char* kErrorKind = "destination-error";
  static constexpr size_t kBatch = 64;
  using Window = queue::WorkWindow<std::shared_ptr<const Item>>;
  using Leased = Window::Leased;

  void run();
  void scan();
  void everySecond(std::unique_lock<std::mutex>& lock);
  void send(const Leased& leased);
  void sendHttp(const Leased& leased, const EventPtr& event, const TargetTablePtr& table,
                const Target& target);
  void handToFlows(const Leased& leased, const EventPtr& event);
  void writeLog(const Leased& leased, const EventEnvelope& event);
  // All with the mutex held.
  std::vector<Leased> leaseBatch();
  bool shut(const std::string& lane);
  bool parked(const std::string& lane);
  bool shut(const queue::LaneGate& gate, int64_t now_ms);
  bool hungry(const std::string& lane);
  size_t callsOf(const std::string& lane) const;
  void leave(const std::string& lane, queue::GateSign sign, std::optional<int64_t> wait_ms = {});
  std::string problemOf(const std::string& lane, queue::GateState state) const;
  std::optional<Trouble> noteTrouble(const Delivery& delivery, const store::AttemptRecord& record);

  void park(const Leased& leased, const std::string& reason);
  void filter(const Leased& leased, const std::string& reason);
  void endUnsent(const Leased& leased, DeliveryState state, const std::string& reason);
  void conclude(const Leased& leased, store::AttemptRecord record,
                queue::GateSign sign = queue::GateSign::Unknown,
                std::optional<int64_t> wait_ms = {});
  void settle(const Leased& leased, const store::AttemptRecord& record,
              const Result<void>& recorded);
  void complete(const Leased& leased, const TargetTablePtr& table, const Target& target,
                const std::string& request_head, int64_t started_unix_ms,
                const Result<net::OutboundResponse>& answer);
  void disable(const Target& target);
  void loadLanes();
  void saveDisabled();
  void saveErrors();
  void wakeWaiting();
  void record(const Leased& leased, const store::AttemptRecordPtr& record);
  void recordAgain();
  void defer(const Leased& leased) { defer(leased, deps_.clock.unixMs() + kScanRetryMs); }
  void defer(const Leased& leased, int64_t due_at_ms);
  bool mayLease() const;
  int64_t waitMs() const;
  static std::string laneOf(const Delivery& delivery);
  static bool usable(const TargetTable& table, const Delivery& delivery);
  Result<EventPtr> eventOf(const Item& item);
  double jitter();

  DispatcherDeps deps_;
  FlowRunner flow_runner_;
  observe::Counter& delivered_;
  observe::Counter& failed_;
  observe::Counter& dead_;
  observe::Counter& opened_;
  observe::Counter& errors_;
  observe::Histogram& end_to_end_;
  observe::Histogram& attempt_seconds_;

  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::condition_variable idle_;
  Window window_;                         // guarded by mutex_
  Lanes lanes_;                           // guarded by mutex_
  std::map<std::string, size_t> calls_;   // guarded by mutex_: of flows, under way, by lane
  TargetTablePtr targets_;                // guarded by mutex_
  std::set<std::string> disabled_;        // pools that answered 410; guarded by mutex_
  std::set<std::string> unsaved_;         // of them, not yet in the store; guarded by mutex_
  std::set<std::string> unsaved_errors_;  // lanes whose error began or ended; guarded by mutex_
  // Outcomes the store did not take: what was sent must not be sent again, so the record is tried
  // again, and nothing new is leased meanwhile. Guarded by mutex_.
  std::vector<std::pair<Leased, store::AttemptRecordPtr>> unrecorded_;
  SeededRandom random_;           // guarded by mutex_
  size_t running_ = 0;            // leased and not settled; guarded by mutex_
  bool wake_waiting_ = false;     // guarded by mutex_
  bool records_awaited_ = false;  // a lane starts no more until some are durable; guarded by mutex_
  bool sleeping_ = false;         // guarded by mutex_
  bool stopping_ = false;         // guarded by mutex_
  // Of the dispatcher's thread alone; times are monotonic.
  int64_t tidied_at_ms_ = 0;
  int64_t scan_again_at_ms_ = 0;
  int64_t starts_at_ms_ =
      queue::LaneGate::kNever;  // when a rate limit or breaker lets one more start
  std::string scan_from_;       // where the last scan stopped
  Thread thread_;
};

}  // namespace junctor::delivery
