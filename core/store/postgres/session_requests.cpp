// What the front and the flow write: requests, and the events and deliveries made of them.
#include <unordered_map>

#include "base/limits.h"
#include "store/plan_check.h"
#include "store/postgres/session.h"
#include "store/row_codec.h"

namespace junctor::store::postgres {
namespace {

// The last condition is a hashed lookup, not a join: the planner does not know how many rows come.
constexpr const char* kAppend =
    "WITH input AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::uuid[], $3::int8[],"
    " $4::int8[], $5::text[], $6::text[], $7::int8[], $8::int8[], $9::bytea[], $10::bytea[],"
    " $11::bytea[], $12::bytea[], $13::bytea[], $14::bytea[], $15::int8[])"
    " AS i(tenant_id, print, key, id_lo, integration, connector, received_at, checksum,"
    " dedupe_key, method, url, remote_ip, headers, body, epoch)),"
    " won AS (INSERT INTO dedupe AS d SELECT tenant_id, print, key, id_lo FROM input"
    " WHERE print IS NOT NULL ON CONFLICT (tenant_id, print) DO UPDATE SET key = excluded.key,"
    " id_lo = excluded.id_lo WHERE d.key <= $16::int8 RETURNING d.key),"
    " kept AS (INSERT INTO request SELECT tenant_id, key, id_lo, integration, connector,"
    " received_at, checksum, dedupe_key, method, url, remote_ip, headers, body FROM input"
    " WHERE print IS NULL OR key IN (SELECT key FROM won))"
    " INSERT INTO inbox SELECT tenant_id, key, id_lo, epoch FROM input"
    " WHERE print IS NULL OR key IN (SELECT key FROM won) RETURNING key";

}  // namespace

// Of several with one key in a batch only the first reaches the database, in the order of their
// keys: two nodes that bring the same ones must not wait for each other crosswise.
Result<void> PgSession::append(std::vector<AppendWrite*>& writes) {
  std::vector<AppendWrite*> first, again;
  std::map<std::pair<std::string, std::string>, AppendWrite*> prints;  // by tenant and print
  std::unordered_map<AppendWrite*, AppendWrite*> first_of;
  for (AppendWrite* write : writes) {
    const RawRequest& request = *write->request;
    if (!storable(request.id.uuid)) {
      write->result = invalidArgument("a request's id must be a UUIDv7");
      continue;
    }
    if (request.dedupe_key.empty()) {
      first.push_back(write);
      continue;
    }
    const auto [found, fresh] = prints.try_emplace(
        {request.tenant, printOf(DedupeSpace::Request, request.integration, request.dedupe_key)},
        write);
    if (fresh) continue;
    again.push_back(write);
    first_of.emplace(write, found->second);
  }
  for (const auto& [print, write] : prints) first.push_back(write);

  std::unordered_set<int64_t> stored;
  JUNCTOR_CHECK(insertRequests(first, stored));
  std::vector<AppendWrite*> lost;
  for (AppendWrite* write : first) {
    const RawRequest& request = *write->request;
    const int64_t key = request.id.orderKey();
    if (!stored.contains(key)) {
      lost.push_back(write);
      continue;
    }
    Delta& change = delta(request.tenant);
    ++change.requests;
    ++change.inbox;
    saw(key);
  }
  if (!lost.empty()) JUNCTOR_CHECK(answerDuplicates(lost));
  for (AppendWrite* write : again) {
    const Result<Appended>& answer = *first_of.at(write)->result;
    if (answer) {
      write->result = Appended{answer->id, true};
    } else {
      write->result = answer.error();
    }
  }
  return {};
}

Result<void> PgSession::insertRequests(const std::vector<AppendWrite*>& writes,
                                       std::unordered_set<int64_t>& stored) {
  using C = Column;
  for (size_t at = 0; at < writes.size();) {
    C tenants(C::Texts), prints(C::Uuids), keys(C::Numbers), los(C::Numbers);
    C integrations(C::Texts), connectors(C::Texts), received(C::Numbers), checksums(C::Numbers);
    C dedupe_keys(C::Bytes), methods(C::Bytes), urls(C::Bytes), ips(C::Bytes), headers(C::Bytes);
    C bodies(C::Bytes), epochs(C::Numbers);
    for (; at < writes.size() && bodies.bytes() < limits::kStoreBatchBytes; ++at) {
      AppendWrite& write = *writes[at];
      const RawRequest& r = *write.request;
      const auto held = static_cast<size_t>(member_.load().requests + kept_requests_);
      const int64_t claim = held < limits::kFlowWindow ? epoch_ : kNobodys;
      if (claim == kNobodys) leaves_work_ = true;
      if (claim != kNobodys) ++kept_requests_;
      write.result = Appended{r.id, false, claim};
      tenants.add(r.tenant);
      if (r.dedupe_key.empty()) {
        prints.addNull();
      } else {
        prints.add(printOf(DedupeSpace::Request, r.integration, r.dedupe_key));
      }
      keys.add(r.id.orderKey());
      los.add(static_cast<int64_t>(r.id.uuid.lo));
      integrations.add(r.integration);
      connectors.add(r.connector);
      received.add(r.received_at_ms);
      checksums.add(int64_t{write.checksum});
      dedupe_keys.addSome(r.dedupe_key);
      methods.addSome(r.method);
      urls.addSome(r.url);
      ips.addSome(r.remote_ip);
      headers.addSome(write.headers);
      bodies.addSome(r.body);
      epochs.add(claim == kNobodys ? 0 : claim);
    }
    JUNCTOR_TRY(
        Rows rows,
        run(kAppend,
            Params::of(std::move(tenants), std::move(prints), std::move(keys), std::move(los),
                       std::move(integrations), std::move(connectors), std::move(received),
                       std::move(checksums), std::move(dedupe_keys), std::move(methods),
                       std::move(urls), std::move(ips), std::move(headers), std::move(bodies),
                       std::move(epochs), oldestKey())));
    while (rows.row()) stored.insert(rows.integer(0));
  }
  return {};
}

// The rows were locked by the insert that gave way to them, so they are there and stay as they are.
Result<void> PgSession::answerDuplicates(const std::vector<AppendWrite*>& writes) {
  Column tenants(Column::Texts), prints(Column::Uuids);
  std::unordered_map<std::string, AppendWrite*> by_print;
  for (AppendWrite* write : writes) {
    const RawRequest& request = *write->request;
    const std::string print =
        printOf(DedupeSpace::Request, request.integration, request.dedupe_key);
    if ((*write->result)->claim != kNobodys) --kept_requests_;
    write->result = internalError("the first request of a dedupe key is gone");
    tenants.add(request.tenant);
    prints.add(print);
    by_print[request.tenant + '\0' + print] = write;
  }
  JUNCTOR_TRY(Rows rows,
              run("SELECT d.tenant_id, d.print, d.key, d.id_lo FROM unnest($1::text[], $2::uuid[])"
                  " AS i(tenant_id, print) JOIN dedupe d USING (tenant_id, print)",
                  Params::of(std::move(tenants), std::move(prints))));
  while (rows.row()) {
    const auto found = by_print.find(rows.text(0) + '\0' + rows.text(1));
    if (found == by_print.end()) continue;
    found->second->result = Appended{EventId{uuidOfRow(rows.integer(2), rows.word(3))}, true};
  }
  return {};
}

Result<void> PgSession::finish(std::vector<FinishWrite*>& writes) {
  std::vector<FinishWrite*> planned, again;
  for (FinishWrite* write : writes) {
    if (auto sound = checkOutcome(*write->outcome); !sound) {
      write->result = sound.error();
    } else {
      (write->outcome->again ? again : planned).push_back(write);
    }
  }
  if (!planned.empty()) {
    JUNCTOR_CHECK(takeOffInbox(planned));
    std::vector<Planned> ready;
    for (FinishWrite* write : planned) {
      if (write->result) continue;
      if (write->outcome->park) {
        JUNCTOR_CHECK(park(write->outcome->events.front()));
        write->result = FlowStored();
        continue;
      }
      JUNCTOR_CHECK(putNote(*write->outcome));
      --delta(write->outcome->events.front().tenant).inbox;
      ready.push_back({write, 0});
    }
    JUNCTOR_CHECK(insertPlanned(ready));
  }
  for (FinishWrite* write : again) JUNCTOR_CHECK(finishAgain(*write));
  return {};
}

Result<void> PgSession::park(const Event& of) {
  JUNCTOR_CHECK(run("INSERT INTO parked VALUES ($1, $2::int8, $3::int8, $4)",
                    Params::of(of.tenant, of.id.orderKey(), static_cast<int64_t>(of.id.uuid.lo),
                               of.integration)));
  return {};
}

// Refuses those whose request is not on the inbox, or is another node's by now.
Result<void> PgSession::takeOffInbox(std::vector<FinishWrite*>& writes) {
  Column tenants(Column::Texts), keys(Column::Numbers), los(Column::Numbers),
      claims(Column::Numbers);
  for (const FinishWrite* write : writes) {
    const FlowOutcome& outcome = *write->outcome;
    tenants.add(outcome.events.front().tenant);
    keys.add(outcome.request_id.orderKey());
    los.add(static_cast<int64_t>(outcome.request_id.uuid.lo));
    claims.add(outcome.claim);
  }
  JUNCTOR_TRY(Rows rows,
              run("DELETE FROM inbox b USING unnest($1::text[], $2::int8[], $3::int8[], $4::int8[])"
                  " AS i(tenant_id, key, id_lo, claim) WHERE b.tenant_id = i.tenant_id"
                  " AND b.key = i.key AND b.id_lo = i.id_lo AND (b.epoch = i.claim OR"
                  " i.claim = 0 AND b.epoch IN (0, $5::int8)) RETURNING b.key, b.epoch",
                  Params::of(std::move(tenants), std::move(keys), std::move(los), std::move(claims),
                             epoch_)));
  std::unordered_set<int64_t> taken;
  while (rows.row()) {
    taken.insert(rows.integer(0));
    if (rows.integer(1) == epoch_) --kept_requests_;
  }
  for (FinishWrite* write : writes) {
    const EventId id = write->outcome->request_id;
    if (!taken.contains(id.orderKey())) {
      write->result = notFound(id.text() + " is not on the inbox, or another node has it");
    }
  }
  return {};
}

// The first event takes the place of the row it had; the others are new, or duplicates as ever.
Result<void> PgSession::finishAgain(FinishWrite& write) {
  const FlowOutcome& outcome = *write.outcome;
  const Event& first = outcome.events.front();
  JUNCTOR_TRY(Rows rows, run("SELECT 1 FROM event WHERE tenant_id = $1 AND key = $2::int8 AND"
                             " id_lo = $3::int8 FOR UPDATE",
                             Params::of(first.tenant, first.id.orderKey(),
                                        static_cast<int64_t>(first.id.uuid.lo))));
  if (rows.size() == 0) {
    write.result = notFound(first.id.text() + " is not stored");
    return {};
  }
  if (outcome.settles) {
    JUNCTOR_TRY(const Result<void> settled, settleDeadLetter(*outcome.settles));
    if (!settled) {
      write.result = settled.error();
      return {};
    }
  }
  JUNCTOR_CHECK(putNote(outcome));
  JUNCTOR_CHECK(run("DELETE FROM event WHERE tenant_id = $1 AND key = $2::int8",
                    Params::of(first.tenant, first.id.orderKey())));
  JUNCTOR_CHECK(insertEvents({&first}));
  return insertPlanned({{&write, 1}});
}

Result<void> PgSession::putNote(const FlowOutcome& outcome) {
  if (!outcome.note) return {};
  JUNCTOR_CHECK(
      run("INSERT INTO document VALUES ($1, $2, $3::bytea)"
          " ON CONFLICT (kind, key) DO UPDATE SET json = excluded.json",
          Params::of(outcome.note->kind, outcome.note->key, outcome.note->json)));
  return {};
}

// The inner result says whether it may be settled.
Result<Result<void>> PgSession::settleDeadLetter(DeliveryId id) {
  JUNCTOR_TRY(const std::optional<Stored> stored, find(id));
  if (!stored) return Result<void>(notFound(id.text() + " is not stored"));
  if (stored->state != DeliveryState::Dead) {
    return Result<void>(invalidArgument(id.text() + " is " + std::string(toString(stored->state)) +
                                        ", not a dead letter any more"));
  }
  JUNCTOR_CHECK(update(id, *stored,
                       {DeliveryState::Discarded, stored->attempts, stored->tries, 0, "replayed"}));
  return Result<void>();
}

// Stores the events that were not seen before, and the deliveries of all that stay. Of several with
// one source id in an outcome the first counts.
Result<void> PgSession::insertPlanned(const std::vector<Planned>& planned) {
  std::vector<const Event*> asked, kept;
  std::unordered_set<const Event*> repeated;
  for (const Planned& plan : planned) {
    const FlowOutcome& outcome = *plan.write->outcome;
    std::unordered_set<std::string> ids;
    for (size_t i = plan.from; i < outcome.events.size(); ++i) {
      const Event& event = outcome.events[i];
      const bool fresh = event.source_event_id.empty() ||
                         ids.insert(event.integration + '\0' + event.source_event_id).second;
      if (!fresh) repeated.insert(&event);
      if (fresh) asked.push_back(&event);
    }
  }
  JUNCTOR_TRY(const std::unordered_set<int64_t> fresh, newEvents(asked));

  std::vector<const Delivery*> deliveries;
  for (const Planned& plan : planned) {
    FlowOutcome& outcome = *plan.write->outcome;
    FlowStored stored;
    stored.stored.assign(plan.from, true);
    std::unordered_set<EventId> left_out;
    for (size_t i = plan.from; i < outcome.events.size(); ++i) {
      const Event& event = outcome.events[i];
      const bool keep = !repeated.contains(&event) && fresh.contains(event.id.orderKey());
      stored.stored.push_back(keep);
      if (!keep) left_out.insert(event.id);
      if (!keep) continue;
      kept.push_back(&event);
      ++delta(event.tenant).events;
    }
    bool due_now = true;
    for (Delivery& delivery : outcome.deliveries) {
      if (left_out.contains(delivery.event_id)) continue;
      deliveries.push_back(&delivery);
      if (delivery.state == DeliveryState::Pending) due_now &= delivery.order_key.empty();
    }
    stored.claim = due_now ? claimFor(true) : kNobodys;
    for (Delivery& delivery : outcome.deliveries) delivery.claim = stored.claim;
    plan.write->result = std::move(stored);
  }
  if (!kept.empty()) JUNCTOR_CHECK(insertEvents(kept));
  if (!deliveries.empty()) JUNCTOR_CHECK(insertDeliveries(deliveries));
  return {};
}

// An event whose own id is its request's dedupe key was deduped with the request: it is looked up
// (a batch may have brought it before) but costs no row of its own.
Result<std::unordered_set<int64_t>> PgSession::newEvents(const std::vector<const Event*>& events) {
  std::unordered_set<int64_t> fresh;
  std::map<std::pair<std::string, std::string>, const Event*> prints;  // sorted: see append()
  for (const Event* event : events) {
    if (event->source_event_id.empty()) {
      fresh.insert(event->id.orderKey());
    } else {
      prints.emplace(std::pair(event->tenant, printOf(DedupeSpace::Event, event->integration,
                                                      event->source_event_id)),
                     event);
    }
  }
  if (prints.empty()) return fresh;
  Column tenants(Column::Texts), own(Column::Uuids), of_request(Column::Uuids);
  Column keys(Column::Numbers), los(Column::Numbers), request_keys(Column::Numbers);
  for (const auto& [print, event] : prints) {
    tenants.add(print.first);
    own.add(print.second);
    of_request.add(printOf(DedupeSpace::Request, event->integration, event->source_event_id));
    keys.add(event->id.orderKey());
    los.add(static_cast<int64_t>(event->id.uuid.lo));
    request_keys.add(event->request_id.orderKey());
  }
  JUNCTOR_TRY(
      Rows rows,
      run("WITH input AS MATERIALIZED (SELECT i.*, EXISTS (SELECT 1 FROM dedupe r WHERE"
          " r.tenant_id = i.tenant_id AND r.print = i.of_request AND r.key = i.request_key) AS own,"
          " EXISTS (SELECT 1 FROM dedupe e WHERE e.tenant_id = i.tenant_id AND e.print = i.print"
          " AND e.key > $7::int8) AS seen"
          " FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::int8[], $5::int8[], $6::int8[])"
          " AS i(tenant_id, print, of_request, key, id_lo, request_key)),"
          " won AS (INSERT INTO dedupe AS d SELECT tenant_id, print, key, id_lo FROM input"
          " WHERE NOT seen AND NOT own ON CONFLICT (tenant_id, print) DO UPDATE SET"
          " key = excluded.key, id_lo = excluded.id_lo WHERE d.key <= $7::int8 RETURNING d.key)"
          " SELECT key FROM won UNION ALL SELECT key FROM input WHERE own AND NOT seen",
          Params::of(std::move(tenants), std::move(own), std::move(of_request), std::move(keys),
                     std::move(los), std::move(request_keys), oldestKey())));
  while (rows.row()) fresh.insert(rows.integer(0));
  return fresh;
}

Result<void> PgSession::insertEvents(const std::vector<const Event*>& events) {
  using C = Column;
  for (size_t at = 0; at < events.size();) {
    C tenants(C::Texts), keys(C::Numbers), los(C::Numbers), request_keys(C::Numbers);
    C request_los(C::Numbers), integrations(C::Texts), sources(C::Texts), received(C::Numbers);
    C occurred(C::Numbers), checksums(C::Numbers), sequences(C::Numbers), hops(C::Numbers);
    C stale(C::Numbers);
    std::vector<C> texts(10, C(C::Bytes));
    size_t bytes = 0;
    for (; at < events.size() && bytes < limits::kStoreBatchBytes; ++at) {
      const Event& e = *events[at];
      const bool own = e.request_id == e.id;
      tenants.add(e.tenant);
      keys.add(e.id.orderKey());
      los.add(static_cast<int64_t>(e.id.uuid.lo));
      own ? request_keys.addNull() : request_keys.add(e.request_id.orderKey());
      own ? request_los.addNull() : request_los.add(static_cast<int64_t>(e.request_id.uuid.lo));
      integrations.add(e.integration);
      sources.add(e.source);
      received.add(e.received_at_ms);
      occurred.add(e.occurred_at_ms);
      checksums.add(int64_t{checksumOf(e)});
      e.sequence ? sequences.add(*e.sequence) : sequences.addNull();
      hops.add(int64_t{e.hops});
      stale.add(int64_t{e.stale});
      size_t column = 0;
      for (const std::string* text :
           {&e.type, &e.source_event_id, &e.resource.type, &e.resource.id, &e.correlation_id,
            &e.actor_json, &e.metadata_json, &e.data_json, &e.payload_json, &e.rules}) {
        texts[column++].addSome(*text);
        bytes += text->size();
      }
      saw(e.id.orderKey());
    }
    Params params =
        Params::of(std::move(tenants), std::move(keys), std::move(los), std::move(request_keys),
                   std::move(request_los), std::move(integrations), std::move(sources),
                   std::move(received), std::move(occurred), std::move(checksums),
                   std::move(sequences), std::move(hops), std::move(stale));
    for (C& text : texts) params.add(std::move(text));
    JUNCTOR_CHECK(
        run("INSERT INTO event SELECT * FROM unnest($1::text[], $2::int8[], $3::int8[],"
            " $4::int8[], $5::int8[], $6::text[], $7::text[], $8::int8[], $9::int8[],"
            " $10::int8[], $11::int8[], $12::int8[], $13::int8[], $14::bytea[],"
            " $15::bytea[], $16::bytea[], $17::bytea[], $18::bytea[], $19::bytea[],"
            " $20::bytea[], $21::bytea[], $22::bytea[], $23::bytea[])",
            std::move(params)));
  }
  return {};
}

}  // namespace junctor::store::postgres
