#include "store/ledger_check.h"

namespace junctor::store {
namespace {

void compareLedger(const std::string& tenant, const Ledger& counted, const LedgerRows& stored,
                   std::vector<Imbalance>& found) {
  const auto check = [&](const char* what, int64_t counter, int64_t rows) {
    if (counter == rows || found.size() >= kImbalancesMax) return;
    found.push_back({tenant, std::string(what) + ": " + std::to_string(counter) + " counted, " +
                                 std::to_string(rows) + " stored"});
  };
  const auto of = [&](DeliveryState state) {
    return counted.deliveries[static_cast<size_t>(state)];
  };
  check("accepted", counted.accepted, stored.rows);
  check("pending", of(DeliveryState::Pending) + of(DeliveryState::Running), stored.pending);
  check("waiting", of(DeliveryState::Waiting), stored.waiting);
  check("dead", of(DeliveryState::Dead), stored.dead);
  check("delivered, filtered and discarded",
        of(DeliveryState::Delivered) + of(DeliveryState::Filtered) + of(DeliveryState::Discarded),
        stored.rows - stored.pending - stored.waiting - stored.dead);
  check("inbox", counted.inbox, stored.inbox);
}

}  // namespace

void LedgerRows::add(int64_t kind, int64_t count) {
  int64_t* const into[] = {&rows, &pending, &waiting, &dead, &inbox};
  *into[kind] += count;
}

void compareLedgers(const std::map<std::string, Ledger>& counted,
                    const std::map<std::string, LedgerRows>& stored,
                    std::vector<Imbalance>& found) {
  for (const auto& [tenant, rows] : stored) {
    const auto counters = counted.find(tenant);
    compareLedger(tenant, counters == counted.end() ? Ledger() : counters->second, rows, found);
  }
  for (const auto& [tenant, ledger] : counted) {
    if (!stored.contains(tenant)) compareLedger(tenant, ledger, LedgerRows(), found);
  }
}

}  // namespace junctor::store
