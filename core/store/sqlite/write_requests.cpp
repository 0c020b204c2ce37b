// What the front and the flow write: requests, and the events and deliveries made of them.
#include <algorithm>
#include <unordered_set>

#include "store/plan_check.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/write_session.h"

namespace junctor::store {

Result<Appended> WriteSession::apply(AppendWrite& write) {
  const RawRequest& request = *write.request;
  if (!storable(request.id.uuid)) return invalidArgument("a request's id must be a UUIDv7");
  if (const auto first = findFirst(write)) return Appended{*first, true};
  if (database_.failure() != Failure::None) return database_.error();
  insertRequest(write);
  if (write.print != 0) remember(write.print, request.id.orderKey());
  return Appended{request.id, false};
}

// The row decides, not the fingerprint: a collision must not swallow a request.
std::optional<EventId> WriteSession::findFirst(const AppendWrite& write) {
  if (write.print == 0) return std::nullopt;
  const RawRequest& request = *write.request;
  uint64_t id_lo = 0;
  const auto confirm = [&](int64_t key) {
    find_request_.with(key);
    if (!find_request_.row()) return false;
    id_lo = find_request_.word(0);
    const bool same = find_request_.integer(1) == nameNumber(request.integration) &&
                      find_request_.bytes(2) == request.dedupe_key;
    find_request_.reset();
    return same;
  };
  const auto key = window_.find(write.print, now_ms_, confirm);
  if (!key) return std::nullopt;
  return EventId{uuidOfRow(*key, id_lo)};
}

void WriteSession::insertRequest(const AppendWrite& write) {
  const RawRequest& request = *write.request;
  const int64_t key = request.id.orderKey();
  const int64_t tenant = nameNumber(request.tenant);
  insert_request_
      .with(key, request.id.uuid.lo, tenant, nameNumber(request.integration),
            nameNumber(request.connector), request.received_at_ms, write.checksum,
            request.dedupe_key, request.method, request.url, request.remote_ip, Blob{write.headers},
            Blob{request.body})
      .run();
  insert_inbox_.with(key, request.id.uuid.lo, tenant).run();
  Delta& change = delta(tenant);
  ++change.requests;
  ++change.inbox;
  batch_highest_key_ = std::max(batch_highest_key_, key);
}

Result<FlowStored> WriteSession::apply(FinishWrite& write) {
  const FlowOutcome& outcome = *write.outcome;
  JUNCTOR_CHECK(checkOutcome(outcome));
  if (outcome.again) return applyAgain(outcome);
  JUNCTOR_CHECK(takeOffInbox(outcome.request_id));
  const Event& first = outcome.events.front();
  if (outcome.park) {
    insert_parked_
        .with(first.id.orderKey(), first.id.uuid.lo, nameNumber(first.tenant), first.integration)
        .run();
    return FlowStored();
  }
  putNote(outcome);
  --delta(nameNumber(first.tenant)).inbox;
  return insertPlanned(outcome, 0);
}

// The first event takes the place of the row it had; the others are new, or duplicates as ever.
Result<FlowStored> WriteSession::applyAgain(const FlowOutcome& outcome) {
  const Event& first = outcome.events.front();
  find_event_.with(first.id.orderKey());
  const bool found = find_event_.row() && find_event_.word(0) == first.id.uuid.lo;
  find_event_.reset();
  if (!found) return notFound(first.id.text() + " is not stored");
  if (outcome.settles) JUNCTOR_CHECK(settleDeadLetter(*outcome.settles));
  putNote(outcome);
  delete_event_.with(first.id.orderKey()).run();
  insertEventRow(first);
  return insertPlanned(outcome, 1);
}

void WriteSession::putNote(const FlowOutcome& outcome) {
  if (!outcome.note) return;
  put_document_.with(outcome.note->kind, outcome.note->key, outcome.note->json).run();
}

Result<void> WriteSession::settleDeadLetter(DeliveryId id) {
  JUNCTOR_TRY(const Stored stored, findDelivery(id));
  if (stored.state != DeliveryState::Dead) {
    return invalidArgument(id.text() + " is " + std::string(toString(stored.state)) +
                           ", not a dead letter any more");
  }
  update_delivery_
      .with(static_cast<int>(DeliveryState::Discarded), stored.attempts, stored.tries, int64_t{0},
            std::string_view("replayed"), 0, 0, id.orderKey())
      .run();
  count(stored.tenant, DeliveryState::Dead, DeliveryState::Discarded);
  return {};
}

// Stores the events from `from` on that were not seen before, and the deliveries of all that stay.
FlowStored WriteSession::insertPlanned(const FlowOutcome& outcome, size_t from) {
  FlowStored stored;
  stored.stored.assign(from, true);
  std::unordered_set<EventId> left_out;
  for (size_t i = from; i < outcome.events.size(); ++i) {
    const Event& event = outcome.events[i];
    const bool seen = seenEvent(event);
    stored.stored.push_back(!seen);
    if (seen) {
      left_out.insert(event.id);
    } else {
      insertEvent(event);
    }
  }
  for (const Delivery& delivery : outcome.deliveries) {
    if (left_out.empty() || !left_out.contains(delivery.event_id)) insertDelivery(delivery);
  }
  return stored;
}

Result<void> WriteSession::takeOffInbox(EventId id) {
  if (!delete_inbox_.with(id.orderKey(), id.uuid.lo).run()) return database_.error();
  if (delete_inbox_.changedRows() == 0) return notFound(id.text() + " is not on the inbox");
  return {};
}

// An event whose own id is its request's dedupe key was deduped with the request: it is looked up
// (a batch may have brought it before) but costs no entry of its own.
bool WriteSession::seenEvent(const Event& event) {
  const std::string& id = event.source_event_id;
  if (id.empty()) return false;
  const uint64_t print = fingerprint(key_, DedupeSpace::Event, event.integration, id);
  const auto confirm = [&](int64_t key) {
    find_event_source_.with(key);
    if (!find_event_source_.row()) return false;
    const bool same = find_event_source_.integer(0) == nameNumber(event.integration) &&
                      find_event_source_.bytes(1) == id;
    find_event_source_.reset();
    return same;
  };
  if (window_.find(print, now_ms_, confirm)) return true;
  const uint64_t of_request = fingerprint(key_, DedupeSpace::Request, event.integration, id);
  const auto its_own = [&](int64_t key) { return key == event.request_id.orderKey(); };
  if (!window_.find(of_request, now_ms_, its_own)) remember(print, event.id.orderKey());
  return false;
}

void WriteSession::insertEvent(const Event& event) {
  const int64_t tenant = nameNumber(event.tenant);
  insertEventRow(event);
  event_index_.add(tenant, event.id.orderKey());
  ++delta(tenant).events;
  batch_highest_key_ = std::max(batch_highest_key_, event.id.orderKey());
}

void WriteSession::insertEventRow(const Event& event) {
  const int64_t key = event.id.orderKey();
  const int64_t tenant = nameNumber(event.tenant);
  std::optional<int64_t> request_key, request_lo;
  if (event.request_id != event.id) {
    request_key = event.request_id.orderKey();
    request_lo = static_cast<int64_t>(event.request_id.uuid.lo);
  }
  insert_event_
      .with(key, event.id.uuid.lo, request_key, request_lo, tenant, nameNumber(event.integration),
            nameNumber(event.source), event.received_at_ms, event.occurred_at_ms, checksumOf(event),
            event.sequence, event.hops, event.stale, event.type, event.source_event_id,
            event.resource.type, event.resource.id, event.correlation_id, event.actor_json,
            event.metadata_json, event.data_json, event.payload_json, event.rules)
      .run();
}

}  // namespace junctor::store
