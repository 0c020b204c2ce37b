#include "app/ledger_watch.h"

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"

namespace junctor::app {
namespace {

constexpr int kStepsMax = 50;             // of one comparison: a million new rows
constexpr int64_t kCountsKeptMs = 1'000;  // one scrape asks for every state of every tenant

}  // namespace

LedgerWatch::LedgerWatch(store::Store& store, const Clock& clock, observe::Metrics& metrics)
    : store_(store),
      clock_(clock),
      metrics_(metrics),
      seconds_(metrics.histogram("junctor_ledger_check_seconds",
                                 "One check of the ledger against the rows")) {
  metrics.gauge("junctor_ledger_imbalances",
                "Differences between counters and rows: anything but 0 is an alarm", {}, [this] {
                  std::lock_guard lock(mutex_);
                  return static_cast<double>(in_compare_.size() + in_recount_.size());
                });
}

void LedgerWatch::check() {
  const int64_t started_ns = clock_.monotonicNs();
  recount();
  compare();
  seconds_.observeUs((clock_.monotonicNs() - started_ns) / 1'000);
}

void LedgerWatch::recount() {
  if (const auto done = store_.checkLedger(recount_, limits::kLedgerRowsPerCheck); !done) {
    return log::error("app", {}, "the ledger cannot be checked: {}", done.error().message);
  }
  if (!recount_.complete) return;
  report(in_recount_, recount_.found);
  known_ = std::move(recount_);
  recount_ = store::LedgerPass();
}

// From where the last recount ended.
void LedgerWatch::compare() {
  if (!known_) return;
  known_->complete = false;
  known_->found.clear();
  for (int step = 0; step < kStepsMax && !known_->complete; ++step) {
    if (const auto done = store_.checkLedger(*known_, limits::kLedgerRowsPerCheck); !done) {
      return log::error("app", {}, "the ledger cannot be checked: {}", done.error().message);
    }
  }
  if (known_->complete) report(in_compare_, known_->found);
}

void LedgerWatch::report(std::vector<store::Imbalance>& current,
                         std::vector<store::Imbalance> found) {
  const auto same = [](const store::Imbalance& a, const store::Imbalance& b) {
    return a.tenant == b.tenant && a.what == b.what;
  };
  std::lock_guard lock(mutex_);
  for (const store::Imbalance& one : found) {
    const bool told = std::any_of(current.begin(), current.end(),
                                  [&](const store::Imbalance& old) { return same(old, one); });
    if (!told) {
      log::error("app", {{"tenant", one.tenant}}, "the ledger does not balance: {}", one.what);
    }
  }
  current = std::move(found);
  checked_at_ms_ = clock_.unixMs();
}

LedgerWatch::State LedgerWatch::state(const std::string& tenant) const {
  std::lock_guard lock(mutex_);
  State state{"", checked_at_ms_};
  for (const auto* list : {&in_compare_, &in_recount_}) {
    for (const store::Imbalance& one : *list) {
      if (!tenant.empty() && one.tenant != tenant) continue;
      const std::string text = tenant.empty() ? one.tenant + ": " + one.what : one.what;
      if (state.problem.find(text) != std::string::npos) continue;
      state.problem += (state.problem.empty() ? "" : "; ") + text;
    }
  }
  return state;
}

store::Ledger LedgerWatch::counts(const std::string& tenant) {
  {
    std::lock_guard lock(mutex_);
    if (counted_at_ms_ >= 0 && clock_.monotonicMs() - counted_at_ms_ < kCountsKeptMs) {
      return counts_[tenant];
    }
  }
  auto read = store_.ledgers();
  std::lock_guard lock(mutex_);
  if (read) counts_ = *std::move(read);
  counted_at_ms_ = clock_.monotonicMs();
  return counts_[tenant];
}

void LedgerWatch::addGauges(const std::string& tenant) {
  const auto add = [&](const char* state, auto read) {
    metrics_.gauge("junctor_ledger_deliveries",
                   "Deliveries of a tenant by state; accepted is the sum of the others",
                   {{"tenant", tenant}, {"state", state}},
                   [this, tenant, read] { return static_cast<double>(read(counts(tenant))); });
  };
  add("accepted", [](const store::Ledger& ledger) { return ledger.accepted; });
  add("pending", [](const store::Ledger& ledger) { return ledger.pending(); });
  for (const DeliveryState state : {DeliveryState::Delivered, DeliveryState::Filtered,
                                    DeliveryState::Dead, DeliveryState::Discarded}) {
    add(toString(state).data(), [state](const store::Ledger& ledger) {
      return ledger.deliveries[static_cast<size_t>(state)];
    });
  }
}

}  // namespace junctor::app
