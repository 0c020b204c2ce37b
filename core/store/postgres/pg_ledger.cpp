// The ledger: what the counters of all nodes say together, and whether the rows agree.
#include <algorithm>

#include "store/ledger_check.h"
#include "store/postgres/pg_reader.h"
#include "store/row_codec.h"

namespace junctor::store::postgres {
namespace {

constexpr const char* kSums =
    "sum(requests)::int8, sum(inbox)::int8, sum(events)::int8, sum(accepted)::int8,"
    " sum(pending)::int8, sum(running)::int8, sum(waiting)::int8, sum(delivered)::int8,"
    " sum(filtered)::int8, sum(dead)::int8, sum(discarded)::int8 FROM counter";
constexpr const char* kTenants = "(SELECT DISTINCT tenant_id FROM counter)";

// One kind of the snapshot's lines: how many rows of `from` a tenant has.
std::string countOf(LedgerRows::Kind kind, const std::string& from) {
  return "SELECT " + std::to_string(kind) + "::int8, x.tenant_id, count(*)" +
         ",0::int8,0::int8,0::int8,0::int8,0::int8,0::int8,0::int8,0::int8,0::int8,0::int8 FROM " +
         from + " GROUP BY x.tenant_id UNION ALL ";
}

}  // namespace

Result<Ledger> PgReader::ledger(const std::string& tenant) {
  Params params;
  if (!tenant.empty()) params.add(tenant);
  const std::string sql = std::string("SELECT ") + kSums;
  JUNCTOR_TRY(Rows rows,
              readers_.query(tenant, {tenant.empty() ? sql : sql + " WHERE tenant_id = $1",
                                      std::move(params)}));
  return rows.row() ? readLedger(rows, 0) : Ledger();
}

Result<std::map<std::string, Ledger>> PgReader::ledgers() {
  JUNCTOR_TRY(Rows rows, asHost(std::string("SELECT tenant_id, ") + kSums + " GROUP BY tenant_id"));
  std::map<std::string, Ledger> all;
  while (rows.row()) all[rows.text(0)] = readLedger(rows, 1);
  return all;
}

Result<void> PgReader::checkLedger(LedgerPass& pass, size_t rows_max) {
  const int64_t from = pass.counted_to;
  JUNCTOR_CHECK(countSlice(pass, rows_max));
  if (pass.counted_to != from) return findEventsWithoutDelivery(pass, from, pass.counted_to);
  JUNCTOR_TRY(const int64_t highest, highestKey());  // also where no delivery is left
  JUNCTOR_CHECK(
      findEventsWithoutDelivery(pass, pass.counted_to, highest - (kLedgerSettledMs << 12)));
  return compareLedger(pass);
}

// The next settled rows of all tenants; none = the pass is at its end.
Result<void> PgReader::countSlice(LedgerPass& pass, size_t rows_max) {
  JUNCTOR_TRY(const int64_t highest, highestKey());
  JUNCTOR_TRY(
      Rows rows,
      asHost(std::string("SELECT s.tenant_id, count(*), max(s.key) FROM (SELECT n.* FROM ") +
                 kTenants +
                 " t, LATERAL (SELECT d.tenant_id, d.key FROM delivery d WHERE"
                 " d.tenant_id = t.tenant_id AND d.key > $1::int8 AND d.key <= $2::int8"
                 " ORDER BY d.key LIMIT $3::int8) n ORDER BY n.key LIMIT $3::int8) s"
                 " GROUP BY s.tenant_id",
             Params::of(pass.counted_to, highest - (kLedgerSettledMs << 12),
                        static_cast<int64_t>(rows_max))));
  int64_t to = pass.counted_to;
  while (rows.row()) {
    pass.rows[rows.text(0)] += rows.integer(1);
    to = std::max(to, rows.integer(2));
  }
  pass.counted_to = to;
  return {};
}

// An event without any delivery came to no end: neither delivered nor filtered nor dead.
Result<void> PgReader::findEventsWithoutDelivery(LedgerPass& pass, int64_t from, int64_t to) {
  JUNCTOR_TRY(Rows rows,
              asHost(std::string("SELECT e.tenant_id, e.key, e.id_lo FROM ") + kTenants +
                         " t JOIN event e ON e.tenant_id = t.tenant_id AND e.key > $1::int8"
                         " AND e.key <= $2::int8 WHERE NOT EXISTS (SELECT 1 FROM delivery d WHERE"
                         " d.tenant_id = e.tenant_id AND d.event_key = e.key) LIMIT $3::int8",
                     Params::of(from, to, static_cast<int64_t>(kImbalancesMax))));
  while (rows.row() && pass.found.size() < kImbalancesMax) {
    const EventId id{uuidOfRow(rows.integer(1), rows.word(2))};
    pass.found.push_back({rows.text(0), id.text() + " has no delivery"});
  }
  return {};
}

// One statement is one snapshot.
Result<void> PgReader::compareLedger(LedgerPass& pass) {
  static const std::string sql =
      countOf(LedgerRows::kTail, std::string(kTenants) +
                                     " t JOIN delivery x ON x.tenant_id = t.tenant_id AND"
                                     " x.key > $1::int8") +
      countOf(LedgerRows::kPending, "delivery x WHERE x.state = 0") +
      countOf(LedgerRows::kWaiting, "delivery x WHERE x.state = 2") +
      countOf(LedgerRows::kDead, "delivery x WHERE x.state = 5") +
      countOf(LedgerRows::kInbox, "inbox x") + countOf(LedgerRows::kInbox, "parked x") + "SELECT " +
      std::to_string(LedgerRows::kCounters) + "::int8, tenant_id, " + kSums + " GROUP BY tenant_id";
  std::map<std::string, LedgerRows> stored;
  std::map<std::string, Ledger> counted;
  for (const auto& [tenant, rows] : pass.rows) stored[tenant].rows = rows;
  JUNCTOR_TRY(Rows rows, asHost(sql, Params::of(pass.counted_to)));
  while (rows.row()) {
    const int64_t kind = rows.integer(0);
    if (kind == LedgerRows::kCounters) {
      counted[rows.text(1)] = readLedger(rows, 2);
    } else {
      stored[rows.text(1)].add(kind, rows.integer(2));
    }
  }
  compareLedgers(counted, stored, pass.found);
  pass.complete = true;
  return {};
}

}  // namespace junctor::store::postgres
