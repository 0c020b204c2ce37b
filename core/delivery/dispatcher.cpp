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
constexpr int64_t kReclaimEveryMs = 1'000;
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

Dispatcher::~Dispatcher() { stop(0); }

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
    if (first) return;
    enabled.swap(disabled_);
    wake_waiting_ = true;
    ready_.notify_all();
  }
  for (const std::string& pool : enabled) {
    if (auto removed = deps_.store.removeDocument(std::string(kDisabledKind), pool); !removed) {
      log::error("delivery", {{"destination", pool}}, "{}", removed.error().message);
    }
  }
}

void Dispatcher::offer(const Delivery& delivery, const EventPtr& event) {
  auto item = std::make_shared<const Item>(Item{delivery, event});
  std::lock_guard lock(mutex_);
  window_.offer(delivery.id.uuid.orderKey(), laneOf(delivery), bytesOf(event), std::move(item));
  if (sleeping_) ready_.notify_one();
}

void Dispatcher::wake() {
  std::lock_guard lock(mutex_);
  window_.noteDue(0);
  ready_.notify_one();
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
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const int64_t now = deps_.clock.unixMs();
    if (std::exchange(wake_waiting_, false)) {
      lock.unlock();
      wakeWaiting();
      lock.lock();
    }
    if (window_.scanDue(now)) {
      lock.unlock();
      scan();
      lock.lock();
    }
    reclaim(now);
    const std::vector<Leased> batch = window_.lease(now, kBatch);
    running_ += batch.size();
    if (!batch.empty()) {
      lock.unlock();
      for (const Leased& leased : batch) send(leased);
      lock.lock();
      continue;
    }
    const int64_t wait = std::clamp<int64_t>(window_.scanAt() - now, 1, kWaitMax);
    sleeping_ = true;
    ready_.wait_for(lock, std::chrono::milliseconds(wait));
    sleeping_ = false;
  }
}

// A walk over the whole window: once a second is plenty for leases of minutes.
void Dispatcher::reclaim(int64_t now_ms) {
  if (now_ms - reclaimed_at_ms_ < kReclaimEveryMs && now_ms >= reclaimed_at_ms_) return;
  reclaimed_at_ms_ = now_ms;
  const size_t lost = window_.reclaim(now_ms);
  if (lost == 0) return;
  running_ -= std::min(running_, lost);
  log::warn("delivery", {}, "{} leases ran out and are handed out again", lost);
}

void Dispatcher::scan() {
  size_t room = 0;
  {
    std::lock_guard lock(mutex_);
    room = window_.room();
    window_.beginScan();
  }
  const auto held = [this](DeliveryId id) {
    std::lock_guard lock(mutex_);
    return window_.holds(id.orderKey());
  };
  const int64_t now = deps_.clock.unixMs();
  auto due = deps_.store.due(now, room, held);
  auto next = deps_.store.nextDue(now);
  std::lock_guard lock(mutex_);
  if (!due || !next) {
    log::error("delivery", {}, "cannot read what is due: {}",
               due ? next.error().message : due.error().message);
    return window_.endScan(now + kScanRetryMs);
  }
  for (const Delivery& delivery : *due) {
    auto item = std::make_shared<const Item>(Item{delivery, nullptr});
    window_.offerScanned(delivery.id.orderKey(), laneOf(delivery), kItemOverhead, std::move(item));
  }
  const bool more = due->size() == room;
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
  request.headers = {{"Content-Type", destination.binary_mode
                                          ? "application/json"
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
  deps_.client.send(std::move(request),
                    [this, leased, table, &target, head = std::move(head),
                     now](const Result<net::OutboundResponse>& answer) {
                      complete(leased, table, target, head, now, answer);
                    });
}

void Dispatcher::complete(const Leased& leased, const TargetTablePtr&, const Target& target,
                          const std::string& request_head, int64_t started_unix_ms,
                          const Result<net::OutboundResponse>& answer) {
  if (!answer && answer.error().code == ErrorCode::Cancelled) {
    std::lock_guard lock(mutex_);  // shutting down: the attempt counts as not made
    if (window_.defer(leased.key, leased.epoch, 0)) --running_;
    return idle_.notify_all();
  }
  const Delivery& delivery = leased.item->delivery;
  const int64_t now = deps_.clock.unixMs();
  const Verdict verdict = judge(answer, now);
  store::AttemptRecord record;
  record.attempt.started_at_ms = started_unix_ms;
  record.attempt.latency_us =
      answer ? answer->latency_us : (now - started_unix_ms) * 1000;
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
    record.reason = verdict.try_again ? "attempts-exhausted: " + verdict.error
                                      : verdict.dead_reason;
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
  auto kept = std::make_shared<const store::AttemptRecord>(record);
  deps_.store.record(std::move(record), [this, leased, kept](const Result<void>& recorded) {
    settle(leased, *kept, recorded);
  });
}

void Dispatcher::settle(const Leased& leased, const store::AttemptRecord& record,
                        const Result<void>& recorded) {
  if (!recorded) {
    log::error("delivery", {{"delivery", leased.item->delivery.id.text()}},
               "attempt not recorded, it will be repeated: {}", recorded.error().message);
  }
  std::lock_guard lock(mutex_);
  bool held = false;
  if (!recorded) {
    held = window_.defer(leased.key, leased.epoch, deps_.clock.unixMs() + kScanRetryMs);
  } else if (record.state == DeliveryState::Pending) {
    held = window_.defer(leased.key, leased.epoch, record.next_at_ms);
  } else {
    held = window_.settle(leased.key, leased.epoch);
  }
  if (held) --running_;
  if (sleeping_) ready_.notify_one();
  if (running_ == 0) idle_.notify_all();
}

// A destination that is gone or does not want anything now: the delivery waits, no attempt is
// spent, until the destination is applied again.
void Dispatcher::park(const Leased& leased, const std::string& reason) {
  const Delivery& delivery = leased.item->delivery;
  deps_.store.setDeliveryState(
      delivery.id, DeliveryState::Waiting, 0, reason, [this, leased](const Result<void>& parked) {
        store::AttemptRecord none;
        none.state = DeliveryState::Waiting;
        settle(leased, none, parked);
      });
}

void Dispatcher::disable(const Target& target) {
  {
    std::lock_guard lock(mutex_);
    if (!disabled_.insert(target.pool).second) return;
  }
  log::warn("delivery", {{"destination", target.pool}},
            "answered 410 Gone: disabled until it is applied again");
  auto stored = deps_.store.putDocument(std::string(kDisabledKind), target.pool, "{}");
  if (!stored) log::error("delivery", {}, "{}", stored.error().message);
}

// Returns every waiting delivery to the queue; those whose destination is still away park again.
void Dispatcher::wakeWaiting() {
  store::DeliveryQuery query;
  query.state = DeliveryState::Waiting;
  query.limit = limits::kPageMax;
  do {
    auto page = deps_.store.listDeliveries(query);
    if (!page) return log::error("delivery", {}, "{}", page.error().message);
    for (const Delivery& delivery : page->items) {
      deps_.store.setDeliveryState(delivery.id, DeliveryState::Pending, deps_.clock.unixMs(), "",
                                   [](const Result<void>&) {});
    }
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty());
  deps_.store.flush();
  wake();
}

double Dispatcher::jitter() {
  std::lock_guard lock(mutex_);
  return random_.unit();
}

}  // namespace junctor::delivery
