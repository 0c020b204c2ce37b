#pragma once
// PgReader: every query of the store, and the claims on work. Any thread; sees what is committed.
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "store/postgres/member.h"
#include "store/postgres/pg_readers.h"
#include "store/store.h"

namespace junctor::store::postgres {

class PgReader {
 public:
  // `member`: who claims; null where the store was opened for reading only.
  PgReader(std::string location, const Clock& clock) : readers_(std::move(location), clock) {}
  void claimFor(Member* member) { member_ = member; }

  Result<std::map<std::string, int64_t>> parked();
  Result<std::vector<RawRequestPtr>> inbox(size_t limit, size_t bytes_max,
                                           const std::function<bool(EventId)>& skip);
  Result<DueScan> due(int64_t now_ms, const std::string& from, const DueTaker& take);

  Result<EventPtr> loadEvent(const std::string& tenant, EventId id);
  Result<RawRequestPtr> loadRequest(const std::string& tenant, EventId id);
  Result<Delivery> loadDelivery(const std::string& tenant, DeliveryId id);
  Result<std::vector<Attempt>> listAttempts(DeliveryId id);
  Result<Ledger> ledger(const std::string& tenant);
  Result<std::map<std::string, Ledger>> ledgers();
  Result<void> checkLedger(LedgerPass& pass, size_t rows_max);
  Result<std::vector<Step>> listSteps(DeliveryId id);
  Result<std::vector<WaitingStep>> waitingSteps();
  Result<Page<Event>> listEvents(const EventQuery& query);
  Result<Page<Delivery>> listDeliveries(const DeliveryQuery& query);
  Result<int64_t> countEvents(const EventQuery& query);
  Result<int64_t> countDeliveries(const DeliveryQuery& query);
  Result<std::vector<DeadCause>> deadCauses(const std::string& tenant, size_t limit);

  Result<std::vector<std::pair<std::string, std::string>>> documents(const std::string& kind);
  Result<std::optional<Token>> findToken(const std::string& sha256_hex);
  Result<std::vector<Token>> tokens();
  Result<int64_t> highestKey();
  Result<int64_t> sizeBytes();

 private:
  struct Lane {
    std::string tenant, destination;
    int64_t priority = 0;
    int64_t next_at = 0;
    friend auto operator<=>(const Lane&, const Lane&) = default;
    std::string text() const {
      return tenant + '\0' + destination + '\0' + std::to_string(priority);
    }
  };
  // 0: opened for reading only. A node that has no epoch just now may not look for work.
  Result<int64_t> claim() const;
  Result<Rows> asHost(std::string sql, Params params = {}) {
    return readers_.query("", {std::move(sql), std::move(params)});
  }
  Result<void> claimRequests(int64_t claim, size_t count);
  Result<std::vector<Lane>> lanes();
  enum class Offer { More, LaneEnds, NextLane, Stop };
  Result<Offer> offerLane(const Lane& lane, int64_t claim, int64_t now_ms, const DueTaker& take,
                          DueScan& scan);
  Result<Offer> offerOwn(const Lane& lane, int64_t claim, int64_t now_ms, const DueTaker& take);
  Result<Offer> offerClaimed(const Lane& lane, int64_t claim, int64_t now_ms, const DueTaker& take);
  Result<void> release(const std::string& tenant, int64_t claim, const std::vector<int64_t>& keys);
  Result<void> countSlice(LedgerPass& pass, size_t rows_max);
  Result<void> findEventsWithoutDelivery(LedgerPass& pass, int64_t from, int64_t to);
  Result<void> compareLedger(LedgerPass& pass);
  void reportDamage(const Error& error, EventId id);

  PgReaders readers_;
  Member* member_ = nullptr;
  std::mutex mutex_;
  std::set<EventId> damaged_;  // reported once
};

}  // namespace junctor::store::postgres
