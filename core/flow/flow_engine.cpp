#include "flow/flow_engine.h"

#include "base/limits.h"
#include "base/log.h"
#include "plugin/verdict.h"

namespace junctor::flow {
namespace {

constexpr size_t kBatch = 16;
constexpr size_t kRequestOverhead = 1024;  // headers and bookkeeping of one held request
constexpr int64_t kScanRetryMs = 1'000;    // after a failed scan or commit
constexpr int64_t kUnparkAtOnce = 10'000;  // rows a transaction
constexpr std::chrono::milliseconds kIdleWait{500};
constexpr int kPatientWorkers = 16;  // they sleep, as a rule
// A stuck connector takes seconds of each, a lease is a minute.
constexpr size_t kSlowLineMax = 8, kSlowMax = 128;

queue::WindowOptions windowOptions() {
  queue::WindowOptions options;
  options.items_max = limits::kFlowWindow;
  options.bytes_max = limits::kWindowBytesMax;
  options.lane_running_max = limits::kFlowWindow;
  options.lease_ms = limits::kFlowLeaseMs;
  return options;
}

// What is not in the catalog is planned: it becomes a dead letter that says so.
bool disabled(const RulebookPtr& book, const RawRequest& request) {
  const Tenant* owner = book->catalog ? book->catalog->findTenant(request.tenant) : nullptr;
  if (!owner) return false;
  const auto found = owner->integrations.find(request.integration);
  return found != owner->integrations.end() && !found->second.enabled;
}

}  // namespace

FlowEngine::FlowEngine(FlowDeps deps, int workers, OnPlanned on_planned, OnStored on_stored)
    : deps_(deps),
      worker_count_(workers),
      on_planned_(std::move(on_planned)),
      on_stored_(std::move(on_stored)),
      events_(deps.metrics.counter("junctor_events_total", "Events stored")),
      duplicates_(deps.metrics.counter("junctor_events_duplicate_total",
                                       "Events left out because their source id was seen before")),
      flow_seconds_(deps.metrics.histogram("junctor_flow_seconds",
                                           "Connector, normalizers and routes of one request")),
      freshness_(limits::kResourcesKnownMax),
      failing_(limits::kDeadInARow),
      window_(windowOptions()),
      slow_(kSlowLineMax, kSlowMax) {}

FlowEngine::~FlowEngine() {
  stop();
}

void FlowEngine::adopt(RulebookPtr book) {
  std::lock_guard lock(mutex_);
  book_ = std::move(book);
  unpark_at_ = 0;
  if (idle_ > 0) ready_.notify_one();
  window_.weigh([catalog = book_->catalog](const std::string& tenant) {
    const Tenant* known = catalog ? catalog->findTenant(tenant) : nullptr;
    return known ? known->weight : 1;
  });
}

void FlowEngine::start() {
  if (const auto read = freshness_.load(deps_.store, limits::kResourcesReadAtStart); !read) {
    log::error("flow", {}, "which events are the newest is not known: {}", read.error().message);
  }
  for (int i = 0; i < worker_count_; ++i) {
    workers_.emplace_back("jn-flow-" + std::to_string(i), [this] { work(); });
  }
  for (int i = 0; i < kPatientWorkers; ++i) {
    workers_.emplace_back("jn-patient-" + std::to_string(i), [this] { waitPatiently(); });
  }
}

void FlowEngine::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    ready_.notify_all();
    slow_ready_.notify_all();
  }
  workers_.clear();
}

void FlowEngine::offer(const RawRequestPtr& request) {
  std::lock_guard lock(mutex_);
  if (request->claim == store::kNobodys) {
    window_.noteDue(0);
  } else {
    window_.offer(request->id.orderKey(), request->tenant, request->body.size() + kRequestOverhead,
                  request);
  }
  if (idle_ > 0) ready_.notify_one();
}

void FlowEngine::wake() {
  std::lock_guard lock(mutex_);
  window_.noteDue(0);
  if (idle_ > 0) ready_.notify_one();
}

void FlowEngine::forget() {
  std::lock_guard lock(mutex_);
  window_.evictAll();
}

size_t FlowEngine::held() const {
  std::lock_guard lock(mutex_);
  return window_.size();
}

void FlowEngine::work() {
  runBehindAnswers();
  Planner planner(deps_.registry, deps_.ids, deps_.clock, &freshness_, &shadows_, deps_.rules);
  for (;;) {
    const Batch batch = take();
    if (batch.empty()) return;
    const RulebookPtr today = book();
    for (const auto& leased : batch) {
      if (!disabled(today, *leased.item)) planner.begin(today, *leased.item);
    }
    const size_t together = deps_.rules.batches() ? kBatch : 1;
    for (std::span<const Window::Leased> rest = batch; !rest.empty();) {
      const size_t count = std::min(rest.size(), together);
      process(planner, rest.first(count), false);
      rest = rest.subspan(count);
    }
  }
}

// Requests whose connector did not answer at once, one of an integration at a time.
void FlowEngine::waitPatiently() {
  runBehindAnswers();
  Planner planner(deps_.registry, deps_.ids, deps_.clock, &freshness_, nullptr, deps_.rules);
  std::unique_lock lock(mutex_);
  for (;;) {
    slow_ready_.wait(lock, [this] { return stopping_ || slow_.ready(); });
    if (stopping_) return;  // the store still has them
    const auto next = slow_.take();
    lock.unlock();
    process(planner, {&next->second, 1}, true);
    lock.lock();
    slow_.finish(next->first);
    if (slow_.ready()) slow_ready_.notify_one();
  }
}

// False: as many wait as can be waited for within their leases.
bool FlowEngine::handOver(const Window::Leased& leased) {
  std::lock_guard lock(mutex_);
  if (!slow_.push(leased.item->integration, leased)) return false;
  slow_ready_.notify_one();
  return true;
}

bool FlowEngine::standsBehind(const Window::Leased& leased) {
  std::lock_guard lock(mutex_);
  return slow_.busy(leased.item->integration);
}

// Blocks until there is work; an empty batch means stop.
FlowEngine::Batch FlowEngine::take() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const int64_t now = deps_.clock.monotonicMs();
    if (book_ && now >= unpark_at_) {
      unpark_at_ = Window::kNever;
      lock.unlock();
      unparkEnabled();
      lock.lock();
    }
    if (!scanning_ && window_.scanDue(deps_.clock.unixMs())) {
      scanning_ = true;
      lock.unlock();
      scan();
      lock.lock();
      scanning_ = false;
    }
    if (deps_.store.health() != store::Health::Failing) {  // else no outcome could be stored
      Batch batch = window_.lease(now, kBatch);
      if (!batch.empty()) return batch;
    }
    window_.reclaim(now);
    ++idle_;
    ready_.wait_for(lock, kIdleWait);
    --idle_;
  }
  return {};
}

// Fills the window from the inbox. Runs without the lock: `holds` is asked under it, item by item.
void FlowEngine::scan() {
  size_t room = 0;
  {
    std::lock_guard lock(mutex_);
    room = window_.room() + 1;  // one more than fits: the window then knows that there is more
    window_.beginScan();
  }
  const auto held = [this](EventId id) {
    std::lock_guard lock(mutex_);
    return window_.holds(id.orderKey());
  };
  auto found = deps_.store.inbox(room, limits::kWindowBytesMax, held);
  std::lock_guard lock(mutex_);
  if (!found) {
    log::error("flow", {}, "cannot read the inbox: {}", found.error().message);
    return window_.endScan(deps_.clock.unixMs() + kScanRetryMs);
  }
  bool taken = false;
  for (const RawRequestPtr& request : *found) {
    taken |= window_.offerScanned(request->id.orderKey(), request->tenant,
                                  request->body.size() + kRequestOverhead,
                                  request) == queue::Offered::Taken;
  }
  window_.endScan(taken ? 0 : Window::kNever);  // there may be more
}

void FlowEngine::process(Planner& planner, std::span<const Window::Leased> some, bool patient) {
  std::vector<Planner::Draft> drafts;
  std::vector<std::pair<const Window::Leased*, int64_t>> of;
  for (const Window::Leased& leased : some) {
    const int64_t started_ns = deps_.clock.monotonicNs();
    auto drafted = draft(planner, leased, patient);
    if (!drafted) continue;
    drafts.push_back(std::move(*drafted));
    of.emplace_back(&leased, started_ns);
  }
  planner.judge(drafts);
  for (size_t i = 0; i < drafts.size(); ++i) {
    keep(*of[i].first, planner.finish(drafts[i]), of[i].second);
  }
}

// None: it is put off or parked, or somebody with time has it.
std::optional<Planner::Draft> FlowEngine::draft(Planner& planner, const Window::Leased& leased,
                                                bool patient) {
  const RulebookPtr today = book();
  if (disabled(today, *leased.item)) {
    park(leased);
    return std::nullopt;
  }
  const bool waits = !patient && standsBehind(leased);
  auto drafted = waits ? planner.putOff(*leased.item) : planner.draft(today, leased.item);
  if (drafted) return std::move(*drafted);
  if (patient || !plugin::isBusy(drafted.error()) || !handOver(leased)) {
    postpone(leased, drafted.error());
  }
  return std::nullopt;
}

void FlowEngine::keep(const Window::Leased& leased, Result<store::FlowOutcome> planned,
                      int64_t started_ns) {
  if (!planned) return postpone(leased, planned.error());
  auto outcome = std::make_shared<store::FlowOutcome>(std::move(*planned));
  outcome->claim = leased.item->claim;
  dropBulk(*outcome);
  flow_seconds_.observeUs((deps_.clock.monotonicNs() - started_ns) / 1000);
  deps_.store.finish(outcome, [this, leased, outcome](const Result<store::FlowStored>& stored) {
    finished(leased, outcome, stored);
  });
}

// The request stays on the inbox and is scanned again when its connector may be asked again.
void FlowEngine::postpone(const Window::Leased& leased, const Error& error) {
  const auto wait = error.retry_after.value_or(std::chrono::milliseconds(kScanRetryMs));
  log::debug("flow", {{"tenant", leased.item->tenant}, {"event", leased.item->id.text()}}, "{}",
             error.message);
  std::lock_guard lock(mutex_);
  window_.defer(leased.key, leased.epoch, deps_.clock.unixMs() + wait.count());
}

void FlowEngine::park(const Window::Leased& leased) {
  const RawRequest& request = *leased.item;
  Event event;
  event.id = event.request_id = request.id;
  event.tenant = request.tenant;
  event.integration = request.integration;
  store::FlowOutcome outcome;
  outcome.request_id = request.id;
  outcome.events.push_back(std::move(event));
  outcome.park = true;
  outcome.claim = request.claim;
  deps_.store.finish(std::move(outcome), [this, leased](const Result<store::FlowStored>& stored) {
    std::lock_guard lock(mutex_);
    if (stored) {
      window_.settle(leased.key, leased.epoch);
    } else {
      window_.defer(leased.key, leased.epoch, deps_.clock.unixMs() + kScanRetryMs);
    }
    if (!disabled(book_, *leased.item)) unpark_at_ = 0;  // enabled while this was being parked
  });
}

void FlowEngine::unparkEnabled() {
  const CatalogPtr catalog = book()->catalog;
  const auto parked = deps_.store.parked();
  bool failed = !parked;
  if (parked) {
    for (const auto& [id, count] : *parked) {
      const Integration* known = catalog ? catalog->findIntegration(id) : nullptr;
      if (known && !known->enabled) continue;
      log::info("flow", {{"integration", id}}, "{} parked requests go on", count);
      Result<int64_t> moved = kUnparkAtOnce;
      while (moved && *moved == kUnparkAtOnce) moved = deps_.store.unpark(id, kUnparkAtOnce);
      failed |= !moved;
    }
  }
  std::lock_guard lock(mutex_);
  if (failed) unpark_at_ = deps_.clock.monotonicMs() + kScanRetryMs;
  window_.noteDue(0);
}

void FlowEngine::finished(const Window::Leased& leased,
                          const std::shared_ptr<store::FlowOutcome>& outcome,
                          const Result<store::FlowStored>& stored) {
  {
    std::lock_guard lock(mutex_);
    if (!stored) {
      window_.defer(leased.key, leased.epoch, deps_.clock.unixMs() + kScanRetryMs);
    } else {
      window_.settle(leased.key, leased.epoch);
    }
  }
  if (!stored) {
    log::error("flow", {{"tenant", leased.item->tenant}, {"event", leased.item->id.text()}},
               "outcome not stored, will run again: {}", stored.error().message);
    return;
  }
  noteTrouble(*outcome);
  if (deps_.quotas && outcome->events.size() > 1) {  // the first was counted when it came
    deps_.quotas->addEvents(leased.item->tenant, static_cast<int64_t>(outcome->events.size()) - 1);
  }
  offerPlanned(leased.item, *outcome, *stored);
}

// Never in silence: each is recorded with the cap that was reached.
void FlowEngine::dropBulk(store::FlowOutcome& outcome) const {
  if (!deps_.quotas) return;
  const std::string why = deps_.quotas->dropsBulk(outcome.events.front().tenant);
  if (why.empty()) return;
  for (Delivery& delivery : outcome.deliveries) {
    if (delivery.state != DeliveryState::Pending || delivery.priority != Priority::Bulk) continue;
    delivery.state = DeliveryState::Discarded;
    delivery.reason = why;
  }
}

void FlowEngine::noteTrouble(const store::FlowOutcome& outcome) {
  const Event& event = outcome.events.front();
  const bool failed = neverPlanned(event) && !outcome.deliveries.empty();
  const auto trouble = failing_.note(event.tenant, event.integration, deps_.clock.unixMs(),
                                     failed ? outcome.deliveries.front().reason : "");
  if (trouble && deps_.tell) deps_.tell(*trouble);
}

void FlowEngine::offerPlanned(const RawRequestPtr& request, store::FlowOutcome& outcome,
                              const store::FlowStored& stored) {
  size_t next = 0;  // deliveries stand in the order of their events
  for (size_t i = 0; i < outcome.events.size(); ++i) {
    const EventId id = outcome.events[i].id;
    const bool kept = i < stored.stored.size() && stored.stored[i];
    (kept ? events_ : duplicates_).add();
    if (kept && on_stored_) on_stored_(outcome.events[i], request);
    EventPtr envelope;
    for (; next < outcome.deliveries.size() && outcome.deliveries[next].event_id == id; ++next) {
      if (!kept || outcome.deliveries[next].state != DeliveryState::Pending) continue;
      if (!envelope) {
        envelope = std::make_shared<const EventEnvelope>(
            EventEnvelope{std::move(outcome.events[i]), request});
      }
      outcome.deliveries[next].claim = stored.claim;
      on_planned_(outcome.deliveries[next], envelope);
    }
  }
}

bool FlowEngine::neverPlanned(const Event& event) {
  return event.type == event.source + Planner::kUnprocessed;
}

std::unique_ptr<Planner> FlowEngine::makePlanner() {
  return std::make_unique<Planner>(deps_.registry, deps_.ids, deps_.clock, &freshness_, nullptr,
                                   deps_.rules);
}

void FlowEngine::replay(const EventPtr& event, const Again& again,
                        std::function<void(Result<std::vector<DeliveryId>>)> done) {
  const auto own = again.planner ? nullptr : makePlanner();
  Planner& planner = again.planner ? *again.planner : *own;
  auto planned = neverPlanned(event->event) ? planner.plan(book(), event->request)
                                            : planner.replan(book(), *event);
  if (!planned) return done(std::move(planned).error());
  auto outcome = std::make_shared<store::FlowOutcome>(std::move(*planned));
  if (again.keep) {
    std::erase_if(outcome->deliveries, [&](const Delivery& one) { return !again.keep(one); });
    if (outcome->deliveries.empty()) {
      return done(invalidArgument("today's rules send the event elsewhere; replay it as a whole"));
    }
  }
  if (again.bulk) {
    for (Delivery& delivery : outcome->deliveries) delivery.priority = Priority::Bulk;
  }
  outcome->again = true;
  outcome->settles = again.settles;
  outcome->note = again.note;
  deps_.store.finish(outcome, [this, event, outcome,
                               done = std::move(done)](const Result<store::FlowStored>& stored) {
    if (!stored) return done(stored.error());
    offerPlanned(event->request, *outcome, *stored);
    std::vector<DeliveryId> ids;
    for (const Delivery& delivery : outcome->deliveries) ids.push_back(delivery.id);
    done(std::move(ids));
  });
}

RulebookPtr FlowEngine::book() const {
  std::lock_guard lock(mutex_);
  return book_;
}

}  // namespace junctor::flow
