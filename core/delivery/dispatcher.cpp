#include "delivery/dispatcher.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"
#include "delivery/cloud_event.h"
#include "delivery/request_head.h"
#include "queue/retry_schedule.h"

namespace junctor::delivery {
namespace {

constexpr size_t kBatch = 64;
constexpr size_t kItemOverhead = 2048;
constexpr int64_t kScanRetryMs = 1'000;
constexpr int64_t kWaitMax = 1'000;
constexpr int64_t kTidyEveryMs = 1'000;
constexpr std::string_view kDisabledKind = "destination-disabled";

queue::WindowOptions windowOptions() {
  queue::WindowOptions options;
  options.items_max = limits::kDeliveryWindow;
  options.bytes_max = limits::kWindowBytesMax;
  options.lane_items_max = limits::kDeliveryWindow / 2;
  options.lane_running_max = limits::kConnectionsPerDestination;
  options.lease_ms = limits::kDeliveryLeaseMs;
  return options;
}

std::string laneOf(const Delivery& delivery) {
  return delivery.tenant + "/" + delivery.destination;
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
      end_to_end_(deps.metrics.histogram("junctor_event_end_to_end_seconds",
                                         "Receipt to delivered, first attempts")),
      attempt_seconds_(deps.metrics.histogram("junctor_delivery_attempt_seconds",
                                              "Sending to the receiver's whole answer")),
      window_(windowOptions()),
      targets_(std::make_shared<const TargetTable>()),
      random_(entropy()) {}

Dispatcher::~Dispatcher() {
  stop(0);
}

void Dispatcher::start() {
  if (auto stored = deps_.store.documents(std::string(kDisabledKind))) {
    for (const auto& [pool, json] : *stored) disabled_.insert(pool);
  }
  thread_ = Thread("jn-deliver", [this] { run(); });
}

void Dispatcher::stop(int64_t deadline_ms) {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    ready_.notify_all();
    idle_.wait_for(lock, std::chrono::milliseconds(deadline_ms), [this] { return running_ == 0; });
  }
  thread_.join();
}

void Dispatcher::adopt(TargetTablePtr targets) {
  std::set<std::string> enabled;
  {
    std::lock_guard lock(mutex_);
    const bool first = targets_->catalog == nullptr;
    targets_ = std::move(targets);
    wake_waiting_ = true;  // after a restart too: a missing secret may be there now
    if (!first) {
      enabled.swap(disabled_);
      unsaved_.clear();
    }
    ready_.notify_all();
  }
  for (const std::string& pool : enabled) {
    const auto removed = deps_.store.removeDocument(std::string(kDisabledKind), pool);
    if (removed || removed.error().code == ErrorCode::NotFound) continue;
    log::error("delivery", {{"destination", pool}}, "{}", removed.error().message);
  }
}

void Dispatcher::offer(const Delivery& delivery, const EventPtr& event) {
  auto item = std::make_shared<const Item>(Item{delivery, event});
  std::lock_guard lock(mutex_);
  if (delivery.next_at_ms > deps_.clock.unixMs()) {
    window_.noteDue(delivery.next_at_ms);
  } else {
    window_.offer(delivery.id.orderKey(), laneOf(delivery), bytesOf(event), std::move(item));
  }
  if (sleeping_) ready_.notify_one();
}

void Dispatcher::wake() {
  std::lock_guard lock(mutex_);
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
    if (window_.scanDue(deps_.clock.unixMs())) {
      lock.unlock();
      scan();
      lock.lock();
    }
    std::vector<Leased> batch;
    if (mayLease()) batch = window_.lease(deps_.clock.monotonicMs(), kBatch);
    running_ += batch.size();
    if (!batch.empty()) {
      lock.unlock();
      for (const Leased& leased : batch) send(leased);
      lock.lock();
      continue;
    }
    const int64_t until_scan = window_.scanAt() - deps_.clock.unixMs();
    const int64_t wait = window_.scanAt() == 0 ? kWaitMax : until_scan;
    sleeping_ = true;
    ready_.wait_for(lock, std::chrono::milliseconds(std::clamp<int64_t>(wait, 1, kWaitMax)));
    sleeping_ = false;
  }
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
  lock.lock();
}

void Dispatcher::scan() {
  size_t room = 0;
  {
    std::lock_guard lock(mutex_);
    room = window_.room();
    window_.beginScan();
  }
  const auto leave_out = [this](const Delivery& delivery) {
    std::lock_guard lock(mutex_);
    return window_.holds(delivery.id.orderKey()) || window_.laneFull(laneOf(delivery));
  };
  const int64_t now = deps_.clock.unixMs();
  auto due = deps_.store.due(now, room, leave_out);
  auto next = deps_.store.nextDue(now);
  std::lock_guard lock(mutex_);
  if (!due || !next) {
    log::error("delivery", {}, "cannot read what is due: {}",
               due ? next.error().message : due.error().message);
    return window_.endScan(now + kScanRetryMs);
  }
  bool taken = false;
  for (const Delivery& delivery : *due) {
    auto item = std::make_shared<const Item>(Item{delivery, nullptr});
    taken |= window_.offerScanned(delivery.id.orderKey(), laneOf(delivery), kItemOverhead,
                                  std::move(item));
  }
  const bool more = taken && due->size() == room;
  window_.endScan(more ? 0 : next->value_or(Window::kNever));
}

Result<EventPtr> Dispatcher::eventOf(const Item& item) {
  if (item.event) return item.event;
  return deps_.store.loadEvent(item.delivery.tenant, item.delivery.event_id);
}

void Dispatcher::send(const Leased& leased) {
  const Delivery& delivery = leased.item->delivery;
  TargetTablePtr table;
  bool disabled = false;
  {
    std::lock_guard lock(mutex_);
    table = targets_;
    disabled = disabled_.contains(laneOf(delivery));
  }
  const Target* target = table->find(delivery.tenant, delivery.destination);
  if (!target) return park(leased, "destination-missing");
  if (disabled) return park(leased, "destination-disabled");
  if (!target->unavailable.empty()) return park(leased, "destination-cannot-sign");
  auto event = eventOf(*leased.item);
  if (!event) {
    const ErrorCode code = event.error().code;
    if (code != ErrorCode::NotFound && code != ErrorCode::DataLoss) return defer(leased);
    store::AttemptRecord record;
    record.attempt.error = describe(event.error());
    record.state = DeliveryState::Dead;
    record.reason = "event-unreadable: " + event.error().message;
    return conclude(leased, std::move(record));
  }
  if (target->destination->type == "log") return writeLog(leased, **event);
  sendHttp(leased, *event, table, *target);
}

void Dispatcher::sendHttp(const Leased& leased, const EventPtr& event, const TargetTablePtr& table,
                          const Target& target) {
  const Delivery& delivery = leased.item->delivery;
  const Destination& destination = *target.destination;
  const int64_t now = deps_.clock.unixMs();
  net::OutboundRequest request;
  request.url = destination.url;
  request.pool = target.pool;
  request.allow_private = destination.allow_private;
  if (destination.timeout.count() > 0) request.timeout_ms = destination.timeout.count();
  auto body = std::make_shared<const std::string>(destination.binary_mode ? binaryBody(*event)
                                                                          : structuredBody(*event));
  request.headers = {
      {"Content-Type", destination.binary_mode ? "application/json"
                                               : "application/cloudevents+json; charset=utf-8"},
      {"User-Agent", "Junctor/1"},
      {"Junctor-Hops", std::to_string(event->event.hops + 1)}};
  const uint64_t span = delivery.id.uuid.lo + static_cast<uint64_t>(delivery.attempts);
  request.headers.emplace_back("traceparent", traceParent(event->event, span));
  if (destination.binary_mode) {
    for (Header& header : binaryHeaders(*event)) request.headers.push_back(std::move(header));
  }
  if (target.signer) {
    for (Header& header : target.signer->sign(delivery.id.text(), now / 1000, *body)) {
      request.headers.push_back(std::move(header));
    }
  } else {
    request.headers.emplace_back("webhook-id", delivery.id.text());
  }
  for (const auto& header : destination.headers) request.headers.push_back(header);
  request.body = std::move(body);
  std::string head = requestHead(request);  // records references, not what they refer to
  std::copy(target.headers.begin(), target.headers.end(),
            request.headers.end() - static_cast<std::ptrdiff_t>(target.headers.size()));
  deps_.client.send(std::move(request), [this, leased, table, &target, head = std::move(head),
                                         now](const Result<net::OutboundResponse>& answer) {
    complete(leased, table, target, head, now, answer);
  });
}

void Dispatcher::complete(const Leased& leased, const TargetTablePtr&, const Target& target,
                          const std::string& request_head, int64_t started_unix_ms,
                          const Result<net::OutboundResponse>& answer) {
  if (!answer && answer.error().code == ErrorCode::Cancelled) {
    // Never sent for want of a connection, or the client stops: no attempt is counted. In the
    // second case it may have been sent; it is then repeated after the restart, with the same
    // webhook-id.
    return defer(leased);
  }
  const Delivery& delivery = leased.item->delivery;
  const int64_t now = deps_.clock.unixMs();
  const Verdict verdict = judge(answer, now);
  store::AttemptRecord record;
  record.attempt.started_at_ms = started_unix_ms;
  record.attempt.latency_us = answer ? answer->latency_us : (now - started_unix_ms) * 1000;
  record.attempt.outcome = verdict.outcome;
  record.attempt.status = verdict.status;
  record.attempt.error = verdict.error;
  record.attempt.request_head = request_head;
  if (answer) record.attempt.response_head = responseHead(*answer);
  attempt_seconds_.observeUs(record.attempt.latency_us);

  if (verdict.outcome == AttemptOutcome::Delivered) {
    record.state = DeliveryState::Delivered;
    delivered_.add();
    if (delivery.attempts == 0 && leased.item->event) {
      end_to_end_.observeUs((now - leased.item->event->event.received_at_ms) * 1000);
    }
    return conclude(leased, std::move(record));
  }
  failed_.add();
  if (verdict.disable_destination) disable(target);
  const auto wait = verdict.try_again
                        ? queue::nextWait(target.destination->retry.schedule, delivery.attempts + 1,
                                          jitter(), verdict.retry_after)
                        : std::nullopt;
  if (wait) {
    record.state = DeliveryState::Pending;
    record.next_at_ms = now + wait->count();
  } else {
    record.state = DeliveryState::Dead;
    record.reason =
        verdict.try_again ? "attempts-exhausted: " + verdict.error : verdict.dead_reason;
  }
  conclude(leased, std::move(record));
}

void Dispatcher::writeLog(const Leased& leased, const EventEnvelope& event) {
  log::info("delivery",
            {{"tenant", event.event.tenant},
             {"event", event.event.id.text()},
             {"destination", leased.item->delivery.destination},
             {"type", event.event.type}},
            "event");
  store::AttemptRecord record;
  record.attempt.started_at_ms = deps_.clock.unixMs();
  record.attempt.outcome = AttemptOutcome::Delivered;
  record.state = DeliveryState::Delivered;
  delivered_.add();
  conclude(leased, std::move(record));
}

void Dispatcher::conclude(const Leased& leased, store::AttemptRecord record) {
  const Delivery& delivery = leased.item->delivery;
  record.attempt.delivery_id = delivery.id;
  record.attempt.number = delivery.attempts + 1;
  if (record.state == DeliveryState::Dead) {
    dead_.add();
    log::warn("delivery",
              {{"tenant", delivery.tenant},
               {"event", delivery.event_id.text()},
               {"delivery", delivery.id.text()},
               {"destination", delivery.destination}},
              "dead letter after {} attempts: {}", record.attempt.number, record.reason);
  }
  {
    std::lock_guard lock(mutex_);
    window_.release(leased.key, leased.epoch);
    if (sleeping_) ready_.notify_one();
  }
  this->record(leased, std::make_shared<const store::AttemptRecord>(std::move(record)));
}

namespace {

// Somebody decided otherwise in between (discarded, gone): trying again changes nothing.
bool refusedForGood(const Error& error) {
  return error.code == ErrorCode::InvalidArgument || error.code == ErrorCode::NotFound;
}

}  // namespace

void Dispatcher::record(const Leased& leased,
                        const std::shared_ptr<const store::AttemptRecord>& record) {
  deps_.store.record(*record, [this, leased, record](const Result<void>& recorded) {
    if (recorded || refusedForGood(recorded.error())) return settle(leased, *record, recorded);
    log::error("delivery", {{"delivery", leased.item->delivery.id.text()}},
               "attempt not recorded yet, nothing new is sent: {}", recorded.error().message);
    std::lock_guard lock(mutex_);
    unrecorded_.emplace_back(leased, record);
  });
}

void Dispatcher::recordAgain() {
  if (deps_.store.health() == store::Health::Failing) return;  // only a restart mends it
  decltype(unrecorded_) again;
  {
    std::lock_guard lock(mutex_);
    again.swap(unrecorded_);
  }
  for (const auto& [leased, record] : again) this->record(leased, record);
}

// Back to the store without an attempt; tried again soon.
void Dispatcher::defer(const Leased& leased) {
  std::lock_guard lock(mutex_);
  if (window_.defer(leased.key, leased.epoch, deps_.clock.unixMs() + kScanRetryMs)) --running_;
  if (running_ == 0) idle_.notify_all();
}

void Dispatcher::settle(const Leased& leased, const store::AttemptRecord& record,
                        const Result<void>& recorded) {
  if (!recorded) {
    log::error("delivery", {{"delivery", leased.item->delivery.id.text()}},
               "outcome not recorded: {}", recorded.error().message);
  }
  std::lock_guard lock(mutex_);
  const bool held = recorded && record.state == DeliveryState::Pending
                        ? window_.defer(leased.key, leased.epoch, record.next_at_ms)
                        : window_.settle(leased.key, leased.epoch);
  if (held) --running_;
  if (sleeping_) ready_.notify_one();
  if (running_ == 0) idle_.notify_all();
}

// A destination that is gone or does not want anything now: the delivery waits, no attempt is
// spent, until the destination is applied again.
void Dispatcher::park(const Leased& leased, const std::string& reason) {
  const Delivery& delivery = leased.item->delivery;
  deps_.store.setDeliveryState(delivery.id, DeliveryState::Waiting, 0, reason,
                               [this, leased](const Result<void>& parked) {
                                 store::AttemptRecord none;
                                 none.state = DeliveryState::Waiting;
                                 settle(leased, none, parked);
                               });
}

// Called on the client's loop, which must not wait for the store: the dispatcher's thread saves it.
void Dispatcher::disable(const Target& target) {
  std::lock_guard lock(mutex_);
  if (!disabled_.insert(target.pool).second) return;
  unsaved_.insert(target.pool);
  log::warn("delivery", {{"destination", target.pool}},
            "answered 410 Gone: disabled until it is applied again");
}

void Dispatcher::saveDisabled() {
  std::set<std::string> pools;
  {
    std::lock_guard lock(mutex_);
    pools.swap(unsaved_);
  }
  for (const std::string& pool : pools) {
    const auto stored = deps_.store.putDocument(std::string(kDisabledKind), pool, "{}");
    if (!stored) log::error("delivery", {{"destination", pool}}, "{}", stored.error().message);
  }
}

bool Dispatcher::usable(const TargetTable& table, const Delivery& delivery) {
  const Target* target = table.find(delivery.tenant, delivery.destination);
  return target != nullptr && target->unavailable.empty();
}

// Returns waiting deliveries whose destination can take them now to the queue.
void Dispatcher::wakeWaiting() {
  deps_.store.flush();  // what is being parked at this moment must be in the list
  TargetTablePtr table;
  std::set<std::string> disabled;
  {
    std::lock_guard lock(mutex_);
    table = targets_;
    disabled = disabled_;
  }
  store::DeliveryQuery query;
  query.state = DeliveryState::Waiting;
  query.limit = limits::kPageMax;
  do {
    auto page = deps_.store.listDeliveries(query);
    if (!page) return log::error("delivery", {}, "{}", page.error().message);
    for (const Delivery& delivery : page->items) {
      if (!usable(*table, delivery) || disabled.contains(laneOf(delivery))) continue;
      deps_.store.setDeliveryState(delivery.id, DeliveryState::Pending, deps_.clock.unixMs(), "",
                                   [this](const Result<void>& woken) {
                                     if (woken) return wake();
                                     log::error("delivery", {}, "a waiting delivery stays: {}",
                                                woken.error().message);
                                   });
    }
    query.cursor = page->next_cursor;
    deps_.store.flush();  // bounds what is queued to one page
  } while (!query.cursor.empty());
}

double Dispatcher::jitter() {
  std::lock_guard lock(mutex_);
  return random_.unit();
}

}  // namespace junctor::delivery
