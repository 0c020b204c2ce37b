#pragma once
// Reader: every query of the store. Any thread; sees what is committed.
#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/sqlite/name_table.h"
#include "store/sqlite/reader_pool.h"
#include "store/store.h"

namespace junctor::store {

class Reader {
 public:
  // `follows`: another process writes, so names may appear at any time.
  Reader(const std::string& path, NameTable& names, bool follows)
      : pool_(path), names_(names), follows_(follows) {}

  Result<std::map<std::string, int64_t>> parked();
  Result<std::vector<RawRequestPtr>> inbox(size_t limit, size_t bytes_max,
                                           const std::function<bool(EventId)>& skip);
  Result<DueScan> due(int64_t now_ms, const std::string& from, const DueTaker& take);

  Result<EventPtr> loadEvent(const std::string& tenant, EventId id);
  Result<RawRequestPtr> loadRequest(const std::string& tenant, EventId id);
  Result<Delivery> loadDelivery(const std::string& tenant, DeliveryId id);
  Result<std::vector<Attempt>> listAttempts(DeliveryId id);
  Result<Ledger> ledger(const std::string& tenant);
  Result<std::vector<Step>> listSteps(DeliveryId id);
  Result<std::vector<WaitingStep>> waitingSteps();
  Result<Page<Event>> listEvents(const EventQuery& query);
  Result<Page<Delivery>> listDeliveries(const DeliveryQuery& query);
  Result<int64_t> countEvents(const EventQuery& query);
  Result<int64_t> countDeliveries(const DeliveryQuery& query);
  Result<std::vector<DeadCause>> deadCauses(const std::string& tenant, size_t limit);
  Result<std::map<std::string, Ledger>> ledgers();
  Result<void> checkLedger(LedgerPass& pass, size_t rows_max);

  Result<std::vector<std::pair<std::string, std::string>>> documents(const std::string& kind);
  Result<std::optional<Token>> findToken(const std::string& sha256_hex);
  Result<std::vector<Token>> tokens();
  Result<int64_t> highestKey();

 private:
  Result<ReaderPool::Query> query(const std::string& sql);
  Result<void> followNames();
  using LaneNumbers = std::array<int64_t, 3>;  // names of tenant and destination, priority
  Result<std::optional<LaneNumbers>> laneAfter(const LaneNumbers& lane);
  Result<bool> offerLane(const LaneNumbers& lane, int64_t now_ms, const DueTaker& take,
                         DueScan& scan);
  Result<int64_t> countRows(const std::string& list, const std::function<void(Statement&)>& bind);
  Result<void> countSlice(LedgerPass& pass, size_t rows_max);
  Result<void> compareLedger(LedgerPass& pass);
  Result<int64_t> settledEvents();
  Result<void> findEventsWithoutDelivery(LedgerPass& pass, int64_t from, int64_t to);
  void reportDamage(const Error& error, EventId id);

  ReaderPool pool_;
  NameTable& names_;
  const bool follows_;

  std::mutex mutex_;
  std::set<EventId> damaged_;  // reported once; bounded by kDamagedMax
};

}  // namespace junctor::store
