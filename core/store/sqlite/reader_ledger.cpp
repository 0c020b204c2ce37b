// The ledger: what the counters say, and whether the rows agree.
#include <algorithm>

#include "store/ledger_check.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/rows.h"

namespace junctor::store {
namespace {

constexpr const char* kCounterColumns =
    "requests, inbox, events, accepted, pending, running, waiting, delivered, filtered, dead,"
    " discarded";
constexpr int kCounterColumnCount = 11;

}  // namespace

Result<Ledger> Reader::ledger(const std::string& tenant) {
  if (!tenant.empty()) {
    JUNCTOR_TRY(auto rows,
                query(std::string("SELECT ") + kCounterColumns + " FROM counter WHERE tenant = ?"));
    rows->with(names_.find(tenant).value_or(-1));
    const Ledger ledger = rows->row() ? readLedger(*rows, 0) : Ledger();
    JUNCTOR_CHECK(rows.end());
    return ledger;
  }
  JUNCTOR_TRY(const auto all, ledgers());
  Ledger sum;
  for (const auto& [name, one] : all) {
    sum.requests += one.requests;
    sum.inbox += one.inbox;
    sum.events += one.events;
    sum.accepted += one.accepted;
    for (size_t state = 0; state < 7; ++state) sum.deliveries[state] += one.deliveries[state];
  }
  return sum;
}

Result<std::map<std::string, Ledger>> Reader::ledgers() {
  JUNCTOR_TRY(auto rows, query(std::string("SELECT tenant, ") + kCounterColumns + " FROM counter"));
  std::map<std::string, Ledger> all;
  while (rows->row()) {
    const int64_t number = rows->integer(0);
    all[names_.text(number).value_or("#" + std::to_string(number))] = readLedger(*rows, 1);
  }
  JUNCTOR_CHECK(rows.end());
  return all;
}

Result<void> Reader::checkLedger(LedgerPass& pass, size_t rows_max) {
  if (follows_) JUNCTOR_CHECK(followNames());
  const int64_t from = pass.counted_to;
  JUNCTOR_CHECK(countSlice(pass, rows_max));
  if (pass.counted_to != from) return findEventsWithoutDelivery(pass, from, pass.counted_to);
  JUNCTOR_TRY(const int64_t settled, settledEvents());
  JUNCTOR_CHECK(findEventsWithoutDelivery(pass, pass.counted_to, settled));
  return compareLedger(pass);
}

// The next settled rows; none = the pass is at its end.
Result<void> Reader::countSlice(LedgerPass& pass, size_t rows_max) {
  JUNCTOR_TRY(auto rows,
              query("SELECT tenant, count(*), max(key) FROM (SELECT tenant, key FROM delivery"
                    " NOT INDEXED WHERE key > ?1 AND key <= (SELECT max(key) FROM delivery) - ?2"
                    " ORDER BY key LIMIT ?3) GROUP BY tenant"));
  rows->with(pass.counted_to, kLedgerSettledMs << 12, static_cast<int64_t>(rows_max));
  int64_t to = pass.counted_to;
  while (rows->row()) {
    const int64_t number = rows->integer(0);
    pass.rows[names_.text(number).value_or("#" + std::to_string(number))] += rows->integer(1);
    to = std::max(to, rows->integer(2));
  }
  JUNCTOR_CHECK(rows.end());
  pass.counted_to = to;
  return {};
}

// The key up to which events are old enough to be judged, also where no delivery is left.
Result<int64_t> Reader::settledEvents() {
  JUNCTOR_TRY(auto rows, query("SELECT coalesce(max(key), 0) FROM event"));
  const int64_t newest = rows->row() ? rows->integer(0) : 0;
  JUNCTOR_CHECK(rows.end());
  return newest - (kLedgerSettledMs << 12);
}

// An event without any delivery came to no end: neither delivered nor filtered nor dead.
Result<void> Reader::findEventsWithoutDelivery(LedgerPass& pass, int64_t from, int64_t to) {
  JUNCTOR_TRY(auto rows,
              query("SELECT e.tenant, e.key, e.id_lo FROM event e NOT INDEXED"
                    " WHERE e.key > ? AND e.key <= ? AND NOT EXISTS (SELECT 1 FROM delivery d"
                    " INDEXED BY delivery_by_event WHERE d.event_key = e.key) LIMIT ?"));
  rows->with(from, to, static_cast<int64_t>(kImbalancesMax));
  while (rows->row() && pass.found.size() < kImbalancesMax) {
    const int64_t number = rows->integer(0);
    pass.found.push_back(
        {names_.text(number).value_or("#" + std::to_string(number)),
         EventId{uuidOfRow(rows->integer(1), rows->word(2))}.text() + " has no delivery"});
  }
  return rows.end();
}

// One statement is one snapshot.
Result<void> Reader::compareLedger(LedgerPass& pass) {
  static const std::string sql =
      std::string(
          "SELECT 0, tenant, count(*), 0,0,0,0,0,0,0,0,0,0 FROM delivery NOT INDEXED"
          " WHERE key > ?1 GROUP BY tenant UNION ALL "
          "SELECT 1, tenant, count(*), 0,0,0,0,0,0,0,0,0,0 FROM delivery"
          " INDEXED BY delivery_due WHERE state = 0 GROUP BY tenant UNION ALL "
          "SELECT 2, tenant, count(*), 0,0,0,0,0,0,0,0,0,0 FROM delivery"
          " INDEXED BY delivery_stuck WHERE state = 2 GROUP BY tenant UNION ALL "
          "SELECT 3, tenant, count(*), 0,0,0,0,0,0,0,0,0,0 FROM delivery"
          " INDEXED BY delivery_dead WHERE state = 5 GROUP BY tenant UNION ALL "
          "SELECT 4, tenant, count(*), 0,0,0,0,0,0,0,0,0,0 FROM inbox"
          " GROUP BY tenant UNION ALL "
          "SELECT 4, tenant, count(*), 0,0,0,0,0,0,0,0,0,0 FROM parked"
          " GROUP BY tenant UNION ALL "
          "SELECT 5, tenant, ") +
      kCounterColumns + " FROM counter";
  static_assert(kCounterColumnCount == 11, "the zeroes above stand for these");
  std::map<std::string, LedgerRows> stored;
  std::map<std::string, Ledger> counted;
  for (const auto& [tenant, rows] : pass.rows) stored[tenant].rows = rows;
  JUNCTOR_TRY(auto rows, query(sql));
  rows->with(pass.counted_to);
  while (rows->row()) {
    const int64_t number = rows->integer(1);
    const std::string tenant = names_.text(number).value_or("#" + std::to_string(number));
    const int64_t kind = rows->integer(0);
    if (kind == LedgerRows::kCounters) {
      counted[tenant] = readLedger(*rows, 2);
      continue;
    }
    stored[tenant].add(kind, rows->integer(2));
  }
  JUNCTOR_CHECK(rows.end());
  compareLedgers(counted, stored, pass.found);
  pass.complete = true;
  return {};
}

}  // namespace junctor::store
