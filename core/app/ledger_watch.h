#pragma once
// LedgerWatch: asks all the time whether `accepted = delivered + filtered + dead + discarded +
// pending` holds for every tenant (P2), and whether the rows say so too. An imbalance is an alarm:
// a metric, a line in the log, a detail of /readyz and of the tenant's ledger.
//
// Every limits::kLedgerCheckMs it compares all counters with the rows, reading only the rows that
// came since the last time and the indexes of what is pending, waiting or dead; and reads a slice
// of limits::kLedgerRowsPerCheck older rows, so that every row is counted again in turn.
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "observe/metrics.h"
#include "store/store.h"

namespace junctor::app {

class LedgerWatch {
 public:
  LedgerWatch(store::Store& store, const Clock& clock, observe::Metrics& metrics);

  // On one thread; reads the store.
  void check();
  // Any thread. What is wrong with a tenant's ledger ("" = any tenant's), "" = nothing is known to
  // be. `checked_at_ms` 0: not yet checked.
  struct State {
    std::string problem;
    int64_t checked_at_ms = 0;
  };
  State state(const std::string& tenant) const;
  // Gauges of the tenant's counts. Once for each; more often does no harm.
  void addGauges(const std::string& tenant);

 private:
  void compare();
  void recount();
  void report(std::vector<store::Imbalance>& current, std::vector<store::Imbalance> found);
  store::Ledger counts(const std::string& tenant);

  store::Store& store_;
  const Clock& clock_;
  observe::Metrics& metrics_;
  observe::Histogram& seconds_;
  // Of the checking thread alone.
  std::optional<store::LedgerPass> known_;  // goes on from check to check
  store::LedgerPass recount_;               // begins anew when it is complete

  mutable std::mutex mutex_;
  std::vector<store::Imbalance> in_compare_, in_recount_;  // guarded by mutex_
  int64_t checked_at_ms_ = 0;                              // guarded by mutex_
  std::map<std::string, store::Ledger> counts_;            // of the last scrape; guarded by mutex_
  int64_t counted_at_ms_ = -1;                             // monotonic; guarded by mutex_
};

}  // namespace junctor::app
