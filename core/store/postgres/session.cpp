#include "store/postgres/session.h"

#include <algorithm>

#include "base/limits.h"

namespace junctor::store::postgres {
namespace {

constexpr int64_t kTellEveryMs = 50;  // a notice costs every committing session of the database

std::string keyText(char kind, int64_t key) {
  return kind + std::to_string(key);
}

// The rows that a write touches, as names.
std::vector<std::string> rowsOf(const Write& write) {
  std::vector<std::string> rows;
  if (const auto* finish = std::get_if<FinishWrite>(&write)) {
    const FlowOutcome& outcome = *finish->outcome;
    rows.push_back(keyText('r', outcome.request_id.orderKey()));
    for (const Event& event : outcome.events) {
      rows.push_back(keyText('e', event.id.orderKey()));
      if (!event.source_event_id.empty()) {
        rows.push_back("s" + event.integration + '\0' + event.source_event_id);
      }
    }
    for (const Delivery& one : outcome.deliveries) rows.push_back(keyText('d', one.id.orderKey()));
    if (outcome.settles) rows.push_back(keyText('d', outcome.settles->orderKey()));
    if (outcome.note) rows.push_back("n" + outcome.note->kind + '\0' + outcome.note->key);
  } else if (const auto* plan = std::get_if<PlanWrite>(&write)) {
    for (const Delivery& one : plan->deliveries) {
      rows.push_back(keyText('d', one.id.orderKey()));
      rows.push_back(keyText('e', one.event_id.orderKey()));
    }
  } else if (const auto* record = std::get_if<RecordWrite>(&write)) {
    rows.push_back(keyText('d', record->record->attempt.delivery_id.orderKey()));
  } else if (const auto* state = std::get_if<StateWrite>(&write)) {
    rows.push_back(keyText('d', state->id.orderKey()));
  } else if (const auto* steps = std::get_if<StepsWrite>(&write)) {
    rows.push_back(keyText('d', steps->id.orderKey()));
  }
  return rows;
}

}  // namespace

Result<void> PgSession::commit(Connection& connection, std::vector<Write>& batch) {
  connection_ = &connection;
  now_ms_ = clock_.unixMs();
  epoch_ = member_.epoch();
  batch_highest_key_ = highest_key_;
  deltas_.clear();
  leaves_work_ = false;
  kept_requests_ = kept_deliveries_ = 0;
  if (auto written = writeAll(batch); !written) {
    const bool lost = connection.lost();
    if (!lost) {
      const Fault fault = connection.fault();
      if (!connection.script("ROLLBACK")) return written;
      connection.setFault(fault);
    }
    return written;
  }
  highest_key_ = batch_highest_key_;
  member_.load().requests += kept_requests_;
  member_.load().deliveries += kept_deliveries_;
  return {};
}

Result<void> PgSession::writeAll(std::vector<Write>& batch) {
  JUNCTOR_TRY(const auto begun,
              connection_->runAll({{"BEGIN"},
                                   {"SELECT 1 FROM node WHERE epoch = $1::int8 FOR KEY SHARE",
                                    Params::of(epoch_)}}));
  if (begun.back().size() == 0) {
    member_.suspect();
    return unavailable("this node was taken for dead and joins again");
  }
  Group group;
  for (Write& write : batch) {
    if (joins(group, write)) continue;
    JUNCTOR_CHECK(writeGroup(group));
    group = Group();
    (void)joins(group, write);
  }
  JUNCTOR_CHECK(writeGroup(group));
  return end();
}

bool PgSession::joins(Group& group, Write& write) {
  const std::vector<std::string> rows = rowsOf(write);
  for (const std::string& row : rows) {
    if (group.touched.contains(row)) return false;
  }
  group.touched.insert(rows.begin(), rows.end());
  std::visit([&](auto& operation) { group.add(operation); }, write);
  return true;
}

Result<void> PgSession::writeGroup(Group& group) {
  if (!group.appends.empty()) JUNCTOR_CHECK(append(group.appends));
  if (!group.finishes.empty()) JUNCTOR_CHECK(finish(group.finishes));
  for (PlanWrite* write : group.plans) JUNCTOR_CHECK(plan(*write));
  if (!group.records.empty()) JUNCTOR_CHECK(record(group.records));
  for (StateWrite* write : group.states) JUNCTOR_CHECK(setState(*write));
  for (StepsWrite* write : group.steps) JUNCTOR_CHECK(putSteps(*write));
  for (EditWrite* write : group.edits) {
    write->result = write->edit(*connection_);
    if (connection_->fault() != Fault::None) return write->result->error();
  }
  return {};
}

// The counters, the notice, the commit: one round trip.
Result<void> PgSession::end() {
  Column tenants(Column::Texts);
  std::vector<Column> numbers(11, Column(Column::Numbers));
  for (const auto& [tenant, d] : deltas_) {
    tenants.add(tenant);
    numbers[0].add(d.requests);
    numbers[1].add(d.inbox);
    numbers[2].add(d.events);
    for (size_t i = 0; i < 7; ++i) numbers[3 + i].add(d.deliveries[i]);
    numbers[10].add(d.accepted);
  }
  std::vector<Query> last;
  if (!deltas_.empty()) {
    Params params = Params::of(std::move(tenants));
    for (Column& column : numbers) params.add(std::move(column));
    params.add(int64_t{member_.lane()});
    last.push_back(
        {"INSERT INTO counter AS c SELECT t, $13::int8::int, r, i, e, s0, s1, s2, s3, s4, s5, s6, a"
         " FROM unnest($1::text[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::int8[],"
         " $7::int8[], $8::int8[], $9::int8[], $10::int8[], $11::int8[], $12::int8[])"
         " AS n(t, r, i, e, s0, s1, s2, s3, s4, s5, s6, a)"
         " ON CONFLICT (tenant_id, lane) DO UPDATE SET requests = c.requests + excluded.requests,"
         " inbox = c.inbox + excluded.inbox, events = c.events + excluded.events,"
         " pending = c.pending + excluded.pending, running = c.running + excluded.running,"
         " waiting = c.waiting + excluded.waiting, delivered = c.delivered + excluded.delivered,"
         " filtered = c.filtered + excluded.filtered, dead = c.dead + excluded.dead,"
         " discarded = c.discarded + excluded.discarded, accepted = c.accepted + excluded.accepted",
         std::move(params)});
  }
  const int64_t now = clock_.monotonicMs();
  if (leaves_work_ && now - told_ms_ >= kTellEveryMs) {
    told_ms_ = now;
    last.push_back({"SELECT pg_notify($1, '')", Params::of(member_.channel())});
  }
  last.push_back({"COMMIT"});
  JUNCTOR_CHECK(connection_->runAll(last));
  return {};
}

std::string PgSession::printOf(DedupeSpace space, const std::string& integration,
                               const std::string& text) const {
  std::string print;
  for (const FingerprintKey& key : {key_, FingerprintKey{key_.k1, ~key_.k0}}) {
    const uint64_t half = fingerprint(key, space, integration, text);
    for (int shift = 56; shift >= 0; shift -= 8) {
      print.push_back(static_cast<char>(half >> shift & 0xff));
    }
  }
  return print;
}

// What the node keeps of new work; beyond a window's worth it is anybody's.
int64_t PgSession::claimFor(bool due_now) {
  const auto held = static_cast<size_t>(member_.load().deliveries + kept_deliveries_);
  if (due_now && held < limits::kDeliveryWindow) return epoch_;
  if (due_now) leaves_work_ = true;
  return kNobodys;
}

}  // namespace junctor::store::postgres
