// What the delivery side writes: plans, attempts and changes of state.
#include <algorithm>

#include "store/plan_check.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/write_session.h"

namespace junctor::store {
void WriteSession::insertDelivery(const Delivery& delivery) {
  const int64_t key = delivery.id.orderKey();
  const int64_t tenant = nameNumber(delivery.tenant);
  const auto state = static_cast<int>(delivery.state);
  insert_delivery_
      .with(key, delivery.id.uuid.lo, delivery.event_id.orderKey(), delivery.event_id.uuid.lo,
            tenant, nameNumber(delivery.integration), nameNumber(delivery.destination),
            nameNumber(delivery.route), nameNumber(delivery.rule_version), state, delivery.attempts,
            dueTime(delivery, tenant), delivery.created_at_ms, delivery.order_key, delivery.reason,
            delivery.mapping, delivery.body_json, delivery.cause,
            static_cast<int>(delivery.priority), delivery.latest_only)
      .run();
  delivery_index_.add(tenant, key);
  ++delta(tenant).deliveries[state];
  ++delta(tenant).accepted;
  batch_highest_key_ = std::max(batch_highest_key_, key);
}

int64_t WriteSession::dueTime(const Delivery& delivery, int64_t tenant) {
  if (delivery.order_key.empty() || delivery.state != DeliveryState::Pending) {
    return delivery.next_at_ms;
  }
  find_earlier_.with(tenant, nameNumber(delivery.destination), delivery.order_key);
  const bool behind = find_earlier_.row();
  find_earlier_.reset();
  return behind ? kBehindAnother : delivery.next_at_ms;
}

// What was redriven in between may stand before it and is due already: then nothing changes.
void WriteSession::releaseNext(DeliveryId after) {
  release_next_.with(after.orderKey(), now_ms_, kBehindAnother).run();
}

Result<WriteSession::Stored> WriteSession::findDelivery(DeliveryId id) {
  find_delivery_.with(id.orderKey());
  if (!find_delivery_.row()) {
    if (database_.failure() != Failure::None) return database_.error();
    return notFound(id.text() + " is not stored");
  }
  const bool same = find_delivery_.word(0) == id.uuid.lo;
  const Stored stored{find_delivery_.integer(1), stateOf(find_delivery_.integer(2)),
                      static_cast<int>(find_delivery_.integer(3)), find_delivery_.integer(4)};
  find_delivery_.reset();
  if (!same) return notFound(id.text() + " is not stored");
  return stored;
}

Result<void> WriteSession::apply(RecordWrite& write) {
  const AttemptRecord& record = *write.record;
  const Attempt& attempt = record.attempt;
  if (endsFirstRound(record)) return {};
  JUNCTOR_TRY(const Stored stored, findDelivery(attempt.delivery_id));
  if (!mayEndAttempt(record.state) || !mayBecome(asLeased(stored.state), record.state)) {
    return illegal(attempt.delivery_id, stored.state, record.state);
  }
  if (attempt.number <= stored.attempts) {
    return invalidArgument(attempt.delivery_id.text() + ": attempt " +
                           std::to_string(attempt.number) + " is recorded already");
  }
  insertAttempt(attempt, stored.tries + 1);
  update_delivery_
      .with(static_cast<int>(record.state), attempt.number, stored.tries + 1, record.next_at_ms,
            record.reason, record.cause, 0, attempt.delivery_id.orderKey())
      .run();
  count(stored.tenant, stored.state, record.state);
  if (record.ordered && !isOpen(record.state)) releaseNext(attempt.delivery_id);
  return {};
}

// Nearly every attempt is the next one of a pending delivery that nobody redrove: then the update
// checks all that apply() would look up first.
bool WriteSession::endsFirstRound(const AttemptRecord& record) {
  const Attempt& attempt = record.attempt;
  if (!mayEndAttempt(record.state) || !mayBecome(DeliveryState::Running, record.state)) {
    return false;
  }
  const int64_t tenant = nameNumber(record.tenant);
  const bool ran =
      end_attempt_
          .with(attempt.number, static_cast<int>(record.state), record.next_at_ms, record.reason,
                attempt.delivery_id.orderKey(), attempt.delivery_id.uuid.lo, tenant, record.cause)
          .run();
  if (!ran || end_attempt_.changedRows() == 0) return false;
  insertAttempt(attempt, attempt.number);
  count(tenant, DeliveryState::Pending, record.state);
  if (record.ordered && !isOpen(record.state)) releaseNext(attempt.delivery_id);
  return true;
}

void WriteSession::insertAttempt(const Attempt& attempt, int64_t tries) {
  insert_attempt_
      .with(attempt.delivery_id.orderKey(), tries, attempt.number, attempt.started_at_ms,
            attempt.latency_us, static_cast<int>(attempt.outcome), attempt.status, attempt.error,
            attempt.request_head, attempt.response_head)
      .run();
}

void WriteSession::count(int64_t tenant, DeliveryState from, DeliveryState to) {
  Delta& change = delta(tenant);
  --change.deliveries[static_cast<int>(from)];
  ++change.deliveries[static_cast<int>(to)];
}

Result<void> WriteSession::apply(PlanWrite& write) {
  JUNCTOR_CHECK(checkPlan(write.deliveries));
  for (const Delivery& delivery : write.deliveries) {
    find_event_.with(delivery.event_id.orderKey());
    const bool found = find_event_.row() && find_event_.word(0) == delivery.event_id.uuid.lo;
    find_event_.reset();
    if (!found) return notFound(delivery.event_id.text() + " is not stored");
  }
  for (const Delivery& delivery : write.deliveries) insertDelivery(delivery);
  return {};
}

Result<void> WriteSession::apply(StepsWrite& write) {
  JUNCTOR_TRY(const Stored stored, findDelivery(write.id));
  if (stored.state != DeliveryState::Pending) {
    return invalidArgument(write.id.text() + " is " + std::string(toString(stored.state)) +
                           ": it takes no steps");
  }
  const int64_t delivery = write.id.orderKey();
  for (const Step& step : write.steps) {
    find_step_.with(delivery, step.key);
    const bool finished = find_step_.row() && isFinished(stepStateOf(find_step_.integer(0)));
    find_step_.reset();
    if (finished) {
      return makeError(ErrorCode::AlreadyExists,
                       write.id.text() + ": step " + step.key + " is finished already");
    }
  }
  for (const Step& step : write.steps) {
    put_step_
        .with(delivery, step.key, step.kind, step.target, step.digest, static_cast<int>(step.state),
              step.tries, step.started_at_ms, step.ended_at_ms, step.due_at_ms, step.result_json,
              step.error)
        .run();
  }
  if (write.next_at_ms) postpone_.with(*write.next_at_ms, delivery).run();
  return {};
}

Result<void> WriteSession::apply(StateWrite& write) {
  JUNCTOR_TRY(const Stored stored, findDelivery(write.id));
  if (write.state == DeliveryState::Running || !mayBecome(stored.state, write.state)) {
    return illegal(write.id, stored.state, write.state);
  }
  const bool redriven =
      stored.state == DeliveryState::Dead && write.state == DeliveryState::Pending;
  update_delivery_
      .with(static_cast<int>(write.state), redriven ? 0 : stored.attempts, stored.tries,
            write.next_at_ms, write.reason, 0, redriven ? static_cast<int>(Priority::Bulk) : 0,
            write.id.orderKey())
      .run();
  count(stored.tenant, stored.state, write.state);
  if (!isOpen(write.state)) releaseNext(write.id);
  return {};
}

}  // namespace junctor::store
