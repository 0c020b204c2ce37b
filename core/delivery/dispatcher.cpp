#include "delivery/dispatcher.h"

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"

namespace junctor::delivery {
namespace {

constexpr size_t kItemOverhead = 2048;
constexpr int64_t kScanPause = 4;  // times the last scan's length, so scans take a fifth at most
constexpr int64_t kWaitMax = 1'000;
constexpr int64_t kTidyEveryMs = 1'000;

queue::WindowOptions windowOptions() {
  queue::WindowOptions options;
  options.items_max = limits::kDeliveryWindow;
  options.bytes_max = limits::kWindowBytesMax;
  options.lane_running_max = limits::kConcurrencyMax;  // gates say how much of it
  options.running_max = limits::kDeliveriesRunningMax;
  options.lease_ms = limits::kDeliveryLeaseMs;
  return options;
}

size_t bytesOf(const EventPtr& event) {
  return kItemOverhead + (event ? event->request->body.size() + event->event.data_json.size() : 0);
}

}  // namespace

Dispatcher::Dispatcher(DispatcherDeps deps)
    : deps_(deps),
      delivered_(deps.metrics.counter("junctor_delivery_attempts_total", "Attempts, by outcome",
                                      {{"outcome", "delivered"}})),
      failed_(deps.metrics.counter("junctor_delivery_attempts_total", "Attempts, by outcome",
                                   {{"outcome", "failed"}})),
      dead_(deps.metrics.counter("junctor_dead_letters_total", "Deliveries that became dead")),
      opened_(deps.metrics.counter("junctor_circuits_opened_total",
                                   "Destinations held back because they failed")),
      errors_(deps.metrics.counter("junctor_destination_errors_total",
                                   "Destinations that began to be in error")),
      end_to_end_(deps.metrics.histogram("junctor_event_end_to_end_seconds",
                                         "Receipt to delivered, first attempts")),
      attempt_seconds_(deps.metrics.histogram("junctor_delivery_attempt_seconds",
                                              "Sending to the receiver's whole answer")),
      window_(windowOptions()),
      targets_(std::make_shared<const TargetTable>()),
      random_(entropy()) {}

std::string Dispatcher::laneOf(const Delivery& delivery) {
  return delivery.tenant + "/" + delivery.destination;
}

Dispatcher::~Dispatcher() {
  stop(0);
}

void Dispatcher::start() {
  loadLanes();
  thread_ = Thread("jn-deliver", [this] { run(); });
}

void Dispatcher::stop(int64_t deadline_ms) {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    ready_.notify_all();
    idle_.wait_for(lock, std::chrono::milliseconds(deadline_ms), [this] { return running_ == 0; });
  }
  const bool ran = thread_.joinable();
  thread_.join();
  if (ran) saveErrors();
}

void Dispatcher::adopt(TargetTablePtr targets) {
  std::set<std::string> enabled;
  {
    std::lock_guard lock(mutex_);
    const bool first = targets_->catalog == nullptr;
    targets_ = std::move(targets);
    lanes_.adopt(*targets_, deps_.clock.monotonicMs());
    window_.weigh([catalog = targets_->catalog](const std::string& tenant) {
      const Tenant* known = catalog ? catalog->findTenant(tenant) : nullptr;
      return known ? known->weight : 1;
    });
    window_.noteDue(0);    // what rests in the store for a circuit that is closed again
    wake_waiting_ = true;  // after a restart too: a missing secret may be there now
    if (!first) {
      enabled.swap(disabled_);
      unsaved_.clear();
    }
    ready_.notify_all();
  }
  for (const std::string& pool : enabled) {
    const auto removed = deps_.store.removeDocument(kDisabledKind, pool);
    if (removed || removed.error().code == ErrorCode::NotFound) continue;
    log::error("delivery", {{"destination", pool}}, "{}", removed.error().message);
  }
}

void Dispatcher::offer(const Delivery& delivery, const EventPtr& event) {
  auto item = std::make_shared<const Item>(Item{delivery, event});
  std::lock_guard lock(mutex_);
  const std::string lane = laneOf(delivery);
  // The store knows whether one with an order key has to wait for another.
  const bool ordered = !delivery.order_key.empty() || delivery.claim == store::kNobodys;
  const bool later = ordered || delivery.next_at_ms > deps_.clock.unixMs();
  if (later) {
    window_.noteDue(ordered ? 0 : delivery.next_at_ms);
  } else if (!shut(lane)) {
    window_.offer(delivery.id.orderKey(), lane, bytesOf(event) + delivery.body_json.size(),
                  std::move(item), delivery.priority);
  }
  if (sleeping_ && (later || hungry(lane))) ready_.notify_one();
}

void Dispatcher::wake() {
  std::lock_guard lock(mutex_);
  window_.noteDue(0);
  ready_.notify_one();
}

void Dispatcher::forget() {
  std::lock_guard lock(mutex_);
  window_.evictAll();
  ready_.notify_one();
}

void Dispatcher::follow() {
  const auto disabled = deps_.store.documents(kDisabledKind);
  const auto paused = deps_.store.documents(kPausedKind);
  if (!disabled || !paused) return;  // told again soon
  std::lock_guard lock(mutex_);
  disabled_ = unsaved_;
  for (const auto& [pool, json] : *disabled) disabled_.insert(pool);
  std::set<std::string> resumed = lanes_.paused();
  for (const auto& [lane, json] : *paused) {
    resumed.erase(lane);
    lanes_.pause(lane);
    window_.evict(lane);
  }
  for (const std::string& lane : resumed) {
    lanes_.resume(lane);
    lanes_.gate(lane).forgive();
  }
  window_.noteDue(0);
  ready_.notify_one();
}

bool Dispatcher::claim(DeliveryId id) {
  std::lock_guard lock(mutex_);
  return window_.claim(id.orderKey());
}
void Dispatcher::unclaim(DeliveryId id) {
  std::lock_guard lock(mutex_);
  window_.unclaim(id.orderKey());
  window_.noteDue(0);  // if it is still pending, a scan brings it back
}

size_t Dispatcher::held() const {
  std::lock_guard lock(mutex_);
  return window_.size();
}
size_t Dispatcher::lanesInError() const {
  std::lock_guard lock(mutex_);
  return lanes_.errors();
}
size_t Dispatcher::inFlight() const {
  std::lock_guard lock(mutex_);
  return running_;
}

void Dispatcher::run() {
  runBehindAnswers();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    everySecond(lock);
    if (std::exchange(wake_waiting_, false)) {
      lock.unlock();
      wakeWaiting();
      lock.lock();
    }
    const bool scan_due = window_.scanDue(deps_.clock.unixMs());
    if (scan_due && deps_.clock.monotonicMs() >= scan_again_at_ms_) {
      lock.unlock();
      scan();
      lock.lock();
    }
    std::vector<Leased> batch;
    if (mayLease()) batch = leaseBatch();
    running_ += batch.size();
    if (!batch.empty()) {
      lock.unlock();
      for (const Leased& leased : batch) send(leased);
      lock.lock();
      continue;
    }
    sleeping_ = true;
    ready_.wait_for(lock, std::chrono::milliseconds(waitMs()));
    sleeping_ = false;
  }
}

// How long to sleep if nothing happens. A scan that has no room waits for a settled delivery, which
// wakes the thread.
int64_t Dispatcher::waitMs() const {
  const int64_t now = deps_.clock.unixMs();
  int64_t wait = window_.scanAt() == 0 ? kWaitMax : window_.scanAt() - now;
  const int64_t monotonic = deps_.clock.monotonicMs();
  if (window_.scanDue(now)) wait = scan_again_at_ms_ - monotonic;
  if (starts_at_ms_ != queue::LaneGate::kNever) wait = std::min(wait, starts_at_ms_ - monotonic);
  return std::clamp<int64_t>(wait, 1, kWaitMax);
}

// What cannot be recorded must not be sent: it would be sent again after every scan.
bool Dispatcher::mayLease() const {
  return unrecorded_.empty() && deps_.store.health() != store::Health::Failing;
}

void Dispatcher::everySecond(std::unique_lock<std::mutex>& lock) {
  const int64_t now = deps_.clock.monotonicMs();
  if (now - tidied_at_ms_ < kTidyEveryMs) return;
  tidied_at_ms_ = now;
  if (unrecorded_.empty()) {
    const size_t lost = window_.reclaim(now);
    running_ -= std::min(running_, lost);
    if (lost > 0) {
      log::warn("delivery", {}, "{} leases ran out and are handed out again", lost);
    }
  }
  lock.unlock();
  recordAgain();
  saveDisabled();
  saveErrors();
  lock.lock();
}

void Dispatcher::scan() {
  {
    std::lock_guard lock(mutex_);
    window_.beginScan();
  }
  const auto take = [this](Delivery delivery) {
    const int64_t key = delivery.id.orderKey();
    const std::string lane = laneOf(delivery);
    const size_t bytes = kItemOverhead + delivery.body_json.size();
    const Priority priority = delivery.priority;
    auto item = std::make_shared<const Item>(Item{std::move(delivery), nullptr});
    std::lock_guard lock(mutex_);
    if (shut(lane)) return store::DueStep::NextLane;
    switch (window_.offerScanned(key, lane, bytes, std::move(item), priority)) {
      case queue::Offered::LaneFull:
        return store::DueStep::NextLane;
      case queue::Offered::Full:
        return store::DueStep::Stop;
      default:
        return store::DueStep::Next;
    }
  };
  const int64_t started_ms = deps_.clock.monotonicMs();
  const int64_t now = deps_.clock.unixMs();
  const auto scanned = deps_.store.due(now, scan_from_, take);
  const int64_t ended_ms = deps_.clock.monotonicMs();
  scan_again_at_ms_ = ended_ms + kScanPause * (ended_ms - started_ms);
  std::lock_guard lock(mutex_);
  if (!scanned) {
    log::error("delivery", {}, "cannot read what is due: {}", scanned.error().message);
    return window_.endScan(now + kScanRetryMs);
  }
  scan_from_ = scanned->stopped_at;
  window_.endScan(scanned->next_due_ms.value_or(Window::kNever));
}

}  // namespace junctor::delivery
