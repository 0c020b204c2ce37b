// What the delivery side writes: plans, attempts and changes of state.
#include <algorithm>
#include <unordered_map>

#include "base/limits.h"
#include "store/plan_check.h"
#include "store/postgres/session.h"
#include "store/row_codec.h"

namespace junctor::store::postgres {
namespace {

// Whoever changes who is first of an order key holds this number's lock until its commit: two nodes
// that do so at once would each not see the other's row.
int64_t orderLock(const Delivery& delivery) {
  const std::string lane = delivery.tenant + '\0' + delivery.destination;
  return static_cast<int64_t>(
      fingerprint({0x6f7264657221, 0}, DedupeSpace::Event, lane, delivery.order_key));
}

constexpr const char* kInsertColumns =
    "INSERT INTO delivery SELECT i.tenant_id, i.key, i.id_lo, i.event_key, i.event_lo,"
    " i.integration, i.destination, i.route, i.rule_version, i.state, i.attempts, 0, ";
constexpr const char* kInsertRest =
    ", i.created_at, i.order_key, i.order_lock, i.reason, i.mapping, i.body, i.epoch, i.cause,"
    " i.priority, i.latest_only"
    " FROM unnest($1::text[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::text[],"
    " $7::text[], $8::text[], $9::text[], $10::int8[], $11::int8[], $12::int8[], $13::int8[],"
    " $14::bytea[], $15::int8[], $16::bytea[], $17::bytea[], $18::bytea[], $19::int8[],"
    " $20::int8[], $21::int8[], $22::int8[]) AS i(tenant_id, key, id_lo, event_key, event_lo, "
    "integration, destination, route,"
    " rule_version, state, attempts, next_at, created_at, order_key, order_lock, reason, mapping,"
    " body, epoch, cause, priority, latest_only)";

// One with an order key waits behind any that is open already.
const std::string& insertSql(bool ordered) {
  static const std::string plain = std::string(kInsertColumns) + "i.next_at" + kInsertRest;
  static const std::string behind =
      std::string(kInsertColumns) +
      "CASE WHEN i.state = 0 AND i.order_key IS NOT NULL AND EXISTS (SELECT 1 FROM delivery o"
      " WHERE o.tenant_id = i.tenant_id AND o.destination = i.destination"
      " AND o.order_key = i.order_key AND (o.state = 0 OR o.state = 2))"
      " THEN $23::int8 ELSE i.next_at END" +
      kInsertRest;
  return ordered ? behind : plain;
}

// An attempt of a delivery that nobody redrove, by who holds it: then the update checks all that
// recordOne() would look up first. The last condition is a hashed lookup, not a join.
constexpr const char* kEndFirstRounds =
    "WITH input AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::int8[], $3::int8[],"
    " $4::int8[], $5::int8[], $6::int8[], $7::bytea[], $8::int8[], $9::int8[], $10::int8[],"
    " $11::int8[], $12::int8[], $13::bytea[], $14::bytea[], $15::bytea[], $16::int8[])"
    " AS i(tenant_id, key, id_lo, number, state, next_at, reason, claim, started_at, latency_us,"
    " outcome, status, error, request_head, response_head, cause)),"
    " done AS (UPDATE delivery d SET state = i.state, attempts = i.number, tries = i.number,"
    " next_at = i.next_at, reason = i.reason, cause = i.cause, epoch = 0 FROM input i"
    " WHERE d.tenant_id = i.tenant_id AND d.key = i.key AND d.id_lo = i.id_lo AND d.state = 0"
    " AND d.attempts = i.number - 1 AND d.tries = i.number - 1"
    " AND (d.epoch = i.claim OR i.claim = 0 AND d.epoch IN (0, $17::int8)) RETURNING d.key)"
    " INSERT INTO attempt SELECT tenant_id, key, number, number, started_at, latency_us, outcome,"
    " status, error, request_head, response_head FROM input"
    " WHERE CASE WHEN key IN (SELECT key FROM done) THEN true END RETURNING delivery_key";

}  // namespace

Result<void> PgSession::insertDeliveries(const std::vector<const Delivery*>& deliveries) {
  using C = Column;
  C tenants(C::Texts), keys(C::Numbers), los(C::Numbers), event_keys(C::Numbers);
  C event_los(C::Numbers), integrations(C::Texts), destinations(C::Texts), routes(C::Texts);
  C versions(C::Texts), states(C::Numbers), attempts(C::Numbers), next(C::Numbers);
  C created(C::Numbers), order_keys(C::Bytes), locks(C::Numbers), reasons(C::Bytes);
  C mappings(C::Bytes), bodies(C::Bytes), epochs(C::Numbers), causes(C::Numbers);
  C priorities(C::Numbers), latest(C::Numbers);
  std::vector<int64_t> ordered;
  std::unordered_set<int64_t> open;  // order keys of which this statement stores an open one
  for (const Delivery* delivery : deliveries) {
    const Delivery& d = *delivery;
    const bool pending = d.state == DeliveryState::Pending;
    const bool in_order = !d.order_key.empty();
    const int64_t lock = in_order ? orderLock(d) : 0;
    const bool behind = in_order && pending && !open.insert(lock).second;
    const bool mine = pending && d.claim > 0 && d.next_at_ms <= now_ms_ && !in_order;
    if (in_order) ordered.push_back(lock);
    if (in_order && pending) leaves_work_ = true;
    if (mine) ++kept_deliveries_;
    tenants.add(d.tenant);
    keys.add(d.id.orderKey());
    los.add(static_cast<int64_t>(d.id.uuid.lo));
    event_keys.add(d.event_id.orderKey());
    event_los.add(static_cast<int64_t>(d.event_id.uuid.lo));
    integrations.add(d.integration);
    destinations.add(d.destination);
    routes.add(d.route);
    versions.add(d.rule_version);
    states.add(static_cast<int64_t>(d.state));
    attempts.add(int64_t{d.attempts});
    next.add(behind ? kBehindAnother : d.next_at_ms);
    created.add(d.created_at_ms);
    order_keys.addSome(d.order_key);
    in_order ? locks.add(lock) : locks.addNull();
    reasons.addSome(d.reason);
    mappings.addSome(d.mapping);
    bodies.addSome(d.body_json);
    epochs.add(mine ? d.claim : 0);
    d.cause == 0 ? causes.addNull() : causes.add(static_cast<int64_t>(d.cause));
    priorities.add(static_cast<int64_t>(d.priority));
    latest.add(int64_t{d.latest_only});
    saw(d.id.orderKey());
    count(d.tenant, d.state);
    ++delta(d.tenant).accepted;
  }
  Params params =
      Params::of(std::move(tenants), std::move(keys), std::move(los), std::move(event_keys),
                 std::move(event_los), std::move(integrations), std::move(destinations),
                 std::move(routes), std::move(versions), std::move(states), std::move(attempts),
                 std::move(next), std::move(created), std::move(order_keys), std::move(locks),
                 std::move(reasons), std::move(mappings), std::move(bodies), std::move(epochs),
                 std::move(causes), std::move(priorities), std::move(latest));
  if (!ordered.empty()) {
    JUNCTOR_CHECK(lockOrder(ordered));
    params.add(kBehindAnother);
  }
  JUNCTOR_CHECK(run(insertSql(!ordered.empty()).c_str(), std::move(params)));
  return {};
}

// In order, so that two nodes do not wait for each other crosswise.
Result<void> PgSession::lockOrder(std::vector<int64_t> locks) {
  std::sort(locks.begin(), locks.end());
  locks.erase(std::unique(locks.begin(), locks.end()), locks.end());
  Column column(Column::Numbers);
  for (const int64_t lock : locks) column.add(lock);
  JUNCTOR_CHECK(run("SELECT pg_advisory_xact_lock(l) FROM unnest($1::int8[]) l",
                    Params::of(std::move(column))));
  return {};
}

Result<void> PgSession::plan(PlanWrite& write) {
  if (auto sound = checkPlan(write.deliveries); !sound) {
    write.result = sound.error();
    return {};
  }
  std::vector<const Delivery*> deliveries;
  for (const Delivery& delivery : write.deliveries) {
    const EventId event = delivery.event_id;
    JUNCTOR_TRY(
        const Rows rows,
        run("SELECT 1 FROM event WHERE tenant_id = $1 AND key = $2::int8 AND"
            " id_lo = $3::int8",
            Params::of(delivery.tenant, event.orderKey(), static_cast<int64_t>(event.uuid.lo))));
    if (rows.size() == 0) {
      write.result = notFound(event.text() + " is not stored");
      return {};
    }
    deliveries.push_back(&delivery);
  }
  if (!deliveries.empty()) JUNCTOR_CHECK(insertDeliveries(deliveries));
  leaves_work_ = true;
  write.result = Result<void>();
  return {};
}

Result<void> PgSession::record(std::vector<RecordWrite*>& writes) {
  JUNCTOR_CHECK(lockEnding(writes));
  std::unordered_set<int64_t> done;
  JUNCTOR_CHECK(endFirstRounds(writes, done));
  std::vector<Key> ended;
  for (RecordWrite* write : writes) {
    const AttemptRecord& record = *write->record;
    const int64_t key = record.attempt.delivery_id.orderKey();
    if (record.claim == epoch_) --kept_deliveries_;
    if (!done.contains(key)) {
      JUNCTOR_CHECK(recordOne(*write));
      continue;
    }
    write->result = Result<void>();
    count(record.tenant, DeliveryState::Pending, record.state);
    if (record.ordered && !isOpen(record.state)) ended.push_back({record.tenant, key});
  }
  return releaseNext(ended);
}

Result<void> PgSession::lockEnding(const std::vector<RecordWrite*>& writes) {
  Column tenants(Column::Texts), keys(Column::Numbers);
  bool any = false;
  for (const RecordWrite* write : writes) {
    if (!write->record->ordered) continue;
    any = true;
    tenants.add(write->record->tenant);
    keys.add(write->record->attempt.delivery_id.orderKey());
  }
  if (!any) return {};
  JUNCTOR_TRY(Rows rows, run("SELECT d.order_lock FROM unnest($1::text[], $2::int8[])"
                             " AS i(tenant_id, key) JOIN delivery d USING (tenant_id, key)"
                             " WHERE d.order_lock IS NOT NULL",
                             Params::of(std::move(tenants), std::move(keys))));
  std::vector<int64_t> locks;
  while (rows.row()) locks.push_back(rows.integer(0));
  return lockOrder(std::move(locks));
}

Result<void> PgSession::endFirstRounds(const std::vector<RecordWrite*>& writes,
                                       std::unordered_set<int64_t>& done) {
  using C = Column;
  C tenants(C::Texts), keys(C::Numbers), los(C::Numbers), numbers(C::Numbers), states(C::Numbers);
  C next(C::Numbers), reasons(C::Bytes), claims(C::Numbers), started(C::Numbers);
  C latencies(C::Numbers), outcomes(C::Numbers), statuses(C::Numbers), errors(C::Bytes);
  C requests(C::Bytes), responses(C::Bytes), causes(C::Numbers);
  for (const RecordWrite* write : writes) {
    const AttemptRecord& record = *write->record;
    const Attempt& a = record.attempt;
    if (!mayEndAttempt(record.state) || !mayBecome(DeliveryState::Running, record.state)) continue;
    tenants.add(record.tenant);
    keys.add(a.delivery_id.orderKey());
    los.add(static_cast<int64_t>(a.delivery_id.uuid.lo));
    numbers.add(int64_t{a.number});
    states.add(static_cast<int64_t>(record.state));
    next.add(record.next_at_ms);
    reasons.addSome(record.reason);
    claims.add(record.claim);
    started.add(a.started_at_ms);
    latencies.add(a.latency_us);
    outcomes.add(static_cast<int64_t>(a.outcome));
    statuses.add(int64_t{a.status});
    errors.addSome(a.error);
    requests.addSome(a.request_head);
    responses.addSome(a.response_head);
    record.cause == 0 ? causes.addNull() : causes.add(static_cast<int64_t>(record.cause));
  }
  JUNCTOR_TRY(Rows rows, run(kEndFirstRounds,
                             Params::of(std::move(tenants), std::move(keys), std::move(los),
                                        std::move(numbers), std::move(states), std::move(next),
                                        std::move(reasons), std::move(claims), std::move(started),
                                        std::move(latencies), std::move(outcomes),
                                        std::move(statuses), std::move(errors), std::move(requests),
                                        std::move(responses), std::move(causes), epoch_)));
  while (rows.row()) done.insert(rows.integer(0));
  return {};
}

Result<void> PgSession::recordOne(RecordWrite& write) {
  const AttemptRecord& record = *write.record;
  const Attempt& attempt = record.attempt;
  const DeliveryId id = attempt.delivery_id;
  JUNCTOR_TRY(const std::optional<Stored> stored, find(id));
  if (!stored) {
    write.result = notFound(id.text() + " is not stored");
  } else if (!mayEndAttempt(record.state) || !mayBecome(asLeased(stored->state), record.state)) {
    write.result = illegal(id, stored->state, record.state);
  } else if (attempt.number <= stored->attempts) {
    write.result = invalidArgument(id.text() + ": attempt " + std::to_string(attempt.number) +
                                   " is recorded already");
  } else if (record.claim != 0 ? record.claim != stored->epoch
                               : stored->epoch != 0 && stored->epoch != epoch_) {
    write.result = invalidArgument(id.text() + " is another node's now");
  }
  if (write.result) return {};
  JUNCTOR_CHECK(insertAttempt(stored->tenant, attempt, stored->tries + 1));
  JUNCTOR_CHECK(update(id, *stored,
                       {record.state, attempt.number, stored->tries + 1, record.next_at_ms,
                        record.reason, record.cause}));
  write.result = Result<void>();
  if (!stored->ordered || isOpen(record.state)) return {};
  return releaseNext({{stored->tenant, id.orderKey()}});
}

Result<void> PgSession::insertAttempt(const std::string& tenant, const Attempt& attempt,
                                      int64_t tries) {
  JUNCTOR_CHECK(
      run("INSERT INTO attempt VALUES ($1, $2::int8, $3::int8, $4::int8, $5::int8, $6::int8,"
          " $7::int8, $8::int8, $9::bytea, $10::bytea, $11::bytea)",
          Params::of(tenant, attempt.delivery_id.orderKey(), tries, int64_t{attempt.number},
                     attempt.started_at_ms, attempt.latency_us,
                     static_cast<int64_t>(attempt.outcome), int64_t{attempt.status}, attempt.error,
                     attempt.request_head, attempt.response_head)));
  return {};
}

// What was redriven in between may stand before it and is due already: then nothing changes.
Result<void> PgSession::releaseNext(const std::vector<Key>& after) {
  if (after.empty()) return {};
  Column tenants(Column::Texts), keys(Column::Numbers);
  for (const Key& key : after) {
    tenants.add(key.tenant);
    keys.add(key.key);
  }
  JUNCTOR_TRY(
      const Rows rows,
      run("UPDATE delivery n SET next_at = $3::int8 FROM (SELECT DISTINCT d.tenant_id, (SELECT"
          " m.key FROM delivery m WHERE m.tenant_id = d.tenant_id AND"
          " m.destination = d.destination AND m.order_key = d.order_key AND"
          " (m.state = 0 OR m.state = 2) ORDER BY m.key LIMIT 1) AS key"
          " FROM unnest($1::text[], $2::int8[]) AS i(tenant_id, key)"
          " JOIN delivery d USING (tenant_id, key) WHERE d.order_key IS NOT NULL) f"
          " WHERE n.tenant_id = f.tenant_id AND n.key = f.key AND n.next_at = $4::int8",
          Params::of(std::move(tenants), std::move(keys), now_ms_, kBehindAnother)));
  if (rows.changed() > 0) leaves_work_ = true;
  return {};
}

// Locks the row. Its tenant is not known: each is asked, by the key that starts with it.
Result<std::optional<PgSession::Stored>> PgSession::find(DeliveryId id) {
  Column fresh(Column::Texts);  // tenants whose counters are not written yet
  for (const auto& [tenant, change] : deltas_) fresh.add(tenant);
  JUNCTOR_TRY(Rows rows,
              run("SELECT tenant_id, state, attempts, tries, epoch, order_lock FROM delivery WHERE"
                  " tenant_id IN (SELECT tenant_id FROM counter UNION SELECT unnest($3::text[]))"
                  " AND key = $1::int8 AND id_lo = $2::int8 FOR UPDATE",
                  Params::of(id.orderKey(), static_cast<int64_t>(id.uuid.lo), std::move(fresh))));
  if (!rows.row()) return std::optional<Stored>();
  Stored stored;
  stored.tenant = rows.text(0);
  stored.state = stateOf(rows.integer(1));
  stored.attempts = rows.integer(2);
  stored.tries = rows.integer(3);
  stored.epoch = rows.integer(4);
  stored.ordered = rows.maybeInteger(5).has_value();
  return std::optional<Stored>(std::move(stored));
}

Result<void> PgSession::update(DeliveryId id, const Stored& before, const Change& change) {
  JUNCTOR_CHECK(
      run("UPDATE delivery SET state = $3::int8, attempts = $4::int8, tries = $5::int8,"
          " next_at = $6::int8, reason = $7::bytea, epoch = 0,"
          " cause = coalesce(nullif($8::int8, 0), cause),"
          " priority = greatest(priority, $9::int8) WHERE tenant_id = $1 AND key = $2::int8",
          Params::of(before.tenant, id.orderKey(), static_cast<int64_t>(change.state),
                     change.attempts, change.tries, change.next_at_ms, change.reason,
                     static_cast<int64_t>(change.cause), static_cast<int64_t>(change.at_least))));
  count(before.tenant, before.state, change.state);
  return {};
}

Result<void> PgSession::setState(StateWrite& write) {
  JUNCTOR_TRY(Rows locks, run("SELECT order_lock FROM delivery WHERE tenant_id IN (SELECT"
                              " tenant_id FROM counter) AND key = $1::int8",
                              Params::of(write.id.orderKey())));
  if (locks.row() && locks.maybeInteger(0)) JUNCTOR_CHECK(lockOrder({locks.integer(0)}));
  JUNCTOR_TRY(const std::optional<Stored> stored, find(write.id));
  if (!stored) {
    write.result = notFound(write.id.text() + " is not stored");
    return {};
  }
  if (write.state == DeliveryState::Running || !mayBecome(stored->state, write.state)) {
    write.result = illegal(write.id, stored->state, write.state);
    return {};
  }
  const bool pending = stored->state == DeliveryState::Pending;
  if (pending && stored->epoch != 0 && stored->epoch != epoch_) {
    write.result = makeError(ErrorCode::AlreadyExists,
                             "another node is about to send the delivery; try again");
    return {};
  }
  if (pending && stored->epoch == epoch_) --kept_deliveries_;
  const bool redriven =
      stored->state == DeliveryState::Dead && write.state == DeliveryState::Pending;
  JUNCTOR_CHECK(
      update(write.id, *stored,
             {write.state, redriven ? 0 : stored->attempts, stored->tries, write.next_at_ms,
              write.reason, 0, redriven ? Priority::Bulk : Priority::Urgent}));
  if (write.state == DeliveryState::Pending) leaves_work_ = true;
  write.result = Result<void>();
  if (isOpen(write.state) || !stored->ordered) return {};
  return releaseNext({{stored->tenant, write.id.orderKey()}});
}

Result<void> PgSession::putSteps(StepsWrite& write) {
  JUNCTOR_TRY(const std::optional<Stored> stored, find(write.id));
  if (!stored) {
    write.result = notFound(write.id.text() + " is not stored");
  } else if (stored->state != DeliveryState::Pending) {
    write.result = invalidArgument(write.id.text() + " is " + std::string(toString(stored->state)) +
                                   ": it takes no steps");
  } else if (stored->epoch != 0 && stored->epoch != epoch_) {
    write.result = invalidArgument(write.id.text() + " is another node's now");
  }
  if (write.result) return {};
  const int64_t delivery = write.id.orderKey();
  for (const Step& step : write.steps) {
    JUNCTOR_TRY(Rows rows, run("SELECT state FROM step WHERE tenant_id = $1 AND"
                               " delivery_key = $2::int8 AND key = $3::bytea",
                               Params::of(stored->tenant, delivery, step.key)));
    if (!rows.row() || !isFinished(stepStateOf(rows.integer(0)))) continue;
    write.result = makeError(ErrorCode::AlreadyExists,
                             write.id.text() + ": step " + step.key + " is finished already");
    return {};
  }
  for (const Step& s : write.steps) {
    JUNCTOR_CHECK(
        run("INSERT INTO step VALUES ($1, $2::int8, $3::bytea, $4::bytea, $5::bytea, $6::bytea,"
            " $7::int8, $8::int8, $9::int8, $10::int8, $11::int8, $12::bytea, $13::bytea)"
            " ON CONFLICT (tenant_id, delivery_key, key) DO UPDATE SET kind = excluded.kind,"
            " target = excluded.target, digest = excluded.digest, state = excluded.state,"
            " tries = excluded.tries, started_at = excluded.started_at,"
            " ended_at = excluded.ended_at, due_at = excluded.due_at, result = excluded.result,"
            " error = excluded.error",
            Params::of(stored->tenant, delivery, s.key, s.kind, s.target, s.digest,
                       static_cast<int64_t>(s.state), int64_t{s.tries}, s.started_at_ms,
                       s.ended_at_ms, s.due_at_ms, s.result_json, s.error)));
  }
  if (write.next_at_ms) {  // it rests until then, and whoever is free goes on with it
    if (stored->epoch == epoch_) --kept_deliveries_;
    JUNCTOR_CHECK(
        run("UPDATE delivery SET next_at = $3::int8, epoch = 0 WHERE tenant_id = $1 AND"
            " key = $2::int8",
            Params::of(stored->tenant, delivery, *write.next_at_ms)));
    leaves_work_ = true;
  }
  write.result = Result<void>();
  return {};
}

void PgSession::count(const std::string& tenant, DeliveryState state) {
  ++delta(tenant).deliveries[static_cast<int>(state)];
}

void PgSession::count(const std::string& tenant, DeliveryState from, DeliveryState to) {
  --delta(tenant).deliveries[static_cast<int>(from)];
  count(tenant, to);
}

}  // namespace junctor::store::postgres
