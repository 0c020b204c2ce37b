#pragma once
// What every engine's check of the ledger has in common: rows as they were counted, against the
// counters.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "store/store.h"

namespace junctor::store {

// Columns in this order: requests, inbox, events, accepted, deliveries by state.
template <class Row>
Ledger readLedger(const Row& row, int column) {
  Ledger ledger;
  ledger.requests = row.integer(column++);
  ledger.inbox = row.integer(column++);
  ledger.events = row.integer(column++);
  ledger.accepted = row.integer(column++);
  for (int64_t& count : ledger.deliveries) count = row.integer(column++);
  return ledger;
}

// A row may be stored after its id was made: the newest rows are counted in the last step, in one
// snapshot with the counters.
inline constexpr int64_t kLedgerSettledMs = 60'000;
inline constexpr size_t kImbalancesMax = 100;  // more of the same helps nobody

// What the rows of one tenant say.
struct LedgerRows {
  // The kinds of lines of an engine's snapshot: kCounters is a line of counters, the others are one
  // number each. kTail: deliveries that no slice counted.
  enum Kind { kTail, kPending, kWaiting, kDead, kInbox, kCounters };

  int64_t rows = 0, pending = 0, waiting = 0, dead = 0, inbox = 0;
  void add(int64_t kind, int64_t count);
};

// Adds where they differ to `found`, up to kImbalancesMax.
void compareLedgers(const std::map<std::string, Ledger>& counted,
                    const std::map<std::string, LedgerRows>& stored, std::vector<Imbalance>& found);

}  // namespace junctor::store
