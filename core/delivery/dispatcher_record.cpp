// What becomes of an attempt: its record, its lease, and destinations that take nothing for now.
#include "base/limits.h"
#include "base/log.h"
#include "delivery/dispatcher.h"

namespace junctor::delivery {

void Dispatcher::conclude(const Leased& leased, store::AttemptRecord record, queue::GateSign sign,
                          std::optional<int64_t> wait_ms) {
  const Delivery& delivery = leased.item->delivery;
  record.tenant = delivery.tenant;
  record.claim = delivery.claim;
  record.ordered = !delivery.order_key.empty();
  record.attempt.delivery_id = delivery.id;
  record.attempt.number = delivery.attempts + 1;
  if (record.state == DeliveryState::Dead) {
    dead_.add();
    record.cause = causeOf(delivery, record.reason);
    log::warn("delivery",
              {{"tenant", delivery.tenant},
               {"event", delivery.event_id.text()},
               {"delivery", delivery.id.text()},
               {"destination", delivery.destination}},
              "dead letter after {} attempts: {}", record.attempt.number, record.reason);
  }
  std::optional<Trouble> trouble;
  {
    std::lock_guard lock(mutex_);
    window_.release(leased.key, leased.epoch);
    const std::string lane = laneOf(delivery);
    leave(lane, sign, wait_ms);
    trouble = noteTrouble(delivery, record);
    if (trouble) tidied_at_ms_ = 0;  // kept at once: it should outlive a crash
    if (sleeping_ && (trouble || hungry(lane) || window_.crowded())) ready_.notify_one();
  }
  if (trouble && deps_.tell) deps_.tell(*trouble);
  this->record(leased, std::make_shared<const store::AttemptRecord>(std::move(record)));
}

namespace {

// Somebody decided otherwise in between (discarded, gone): trying again changes nothing.
bool refusedForGood(const Error& error) {
  return error.code == ErrorCode::InvalidArgument || error.code == ErrorCode::NotFound;
}

}  // namespace

void Dispatcher::record(const Leased& leased, const store::AttemptRecordPtr& record) {
  deps_.store.record(record, [this, leased, record](const Result<void>& recorded) {
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

// Back to the store without an attempt.
void Dispatcher::defer(const Leased& leased, int64_t due_at_ms) {
  std::lock_guard lock(mutex_);
  leave(laneOf(leased.item->delivery), queue::GateSign::Unknown);
  if (window_.defer(leased.key, leased.epoch, due_at_ms)) --running_;
  if (sleeping_) ready_.notify_one();
  if (running_ == 0) idle_.notify_all();
}

void Dispatcher::settle(const Leased& leased, const store::AttemptRecord& record,
                        const Result<void>& recorded) {
  if (!recorded) {
    log::error("delivery", {{"delivery", leased.item->delivery.id.text()}},
               "outcome not recorded: {}", recorded.error().message);
  }
  std::lock_guard lock(mutex_);
  const bool again = recorded && record.state == DeliveryState::Pending;
  if (recorded && record.ordered && !isOpen(record.state))
    window_.noteDue(0);  // the next of its key
  const bool held = again ? window_.defer(leased.key, leased.epoch, record.next_at_ms)
                          : window_.settle(leased.key, leased.epoch);
  if (held) --running_;
  if (sleeping_ && (again || records_awaited_ || window_.scanDue(deps_.clock.unixMs()))) {
    ready_.notify_one();
  }
  if (running_ == 0) idle_.notify_all();
}

// A destination that is gone or does not want anything now: the delivery waits, no attempt is
// spent, until the destination is applied again.
void Dispatcher::park(const Leased& leased, const std::string& reason) {
  endUnsent(leased, DeliveryState::Waiting, reason);
}

// Nobody wants it any more; it was never sent, or not taken when it was.
void Dispatcher::filter(const Leased& leased, const std::string& reason) {
  endUnsent(leased, DeliveryState::Filtered, reason);
}

void Dispatcher::endUnsent(const Leased& leased, DeliveryState state, const std::string& reason) {
  const Delivery& delivery = leased.item->delivery;
  {
    std::lock_guard lock(mutex_);
    leave(laneOf(delivery), queue::GateSign::Unknown);
  }
  deps_.store.setDeliveryState(delivery.id, state, 0, reason,
                               [this, leased, state](const Result<void>& ended) {
                                 store::AttemptRecord none;
                                 none.state = state;
                                 none.ordered = !leased.item->delivery.order_key.empty();
                                 settle(leased, none, ended);
                               });
}

// Called on the client's loop, which must not wait for the store: the dispatcher's thread saves it.
void Dispatcher::disable(const Target& target) {
  {
    std::lock_guard lock(mutex_);
    if (!disabled_.insert(target.pool).second) return;
    unsaved_.insert(target.pool);
  }
  log::warn("delivery", {{"destination", target.pool}},
            "answered 410 Gone: disabled until it is applied again");
  if (!deps_.tell) return;
  const Destination& destination = *target.destination;
  deps_.tell({.tenant = destination.tenant,
              .destination = destination.name,
              .since_ms = deps_.clock.unixMs(),
              .gone = true,
              .reason = "http-410"});
}

void Dispatcher::saveDisabled() {
  std::set<std::string> pools;
  {
    std::lock_guard lock(mutex_);
    pools.swap(unsaved_);
  }
  for (const std::string& pool : pools) {
    const auto stored = deps_.store.putDocument(kDisabledKind, pool, "{}");
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

}  // namespace junctor::delivery
