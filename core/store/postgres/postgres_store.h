#pragma once
// PostgresStore: Store over a PostgreSQL database that any number of nodes share.
#include <memory>
#include <string>

#include "base/clock.h"
#include "store/postgres/member.h"
#include "store/postgres/pg_reader.h"
#include "store/postgres/pg_writer.h"
#include "store/store.h"

namespace junctor::store::postgres {

class PostgresStore final : public Store {
 public:
  static Result<std::unique_ptr<Store>> open(const std::string& location,
                                             const StoreOptions& options, const Clock& clock);
  ~PostgresStore() override;

  void append(RawRequestPtr request, AppendDone done) override;
  void finish(FlowOutcome outcome, FlowDone done) override;
  void record(AttemptRecordPtr record, Done done) override;
  void addDeliveries(std::vector<Delivery> deliveries, Done done) override;
  void setDeliveryState(DeliveryId id, DeliveryState state, int64_t next_at_ms, std::string reason,
                        Done done) override;
  void putSteps(DeliveryId id, std::vector<Step> steps, std::optional<int64_t> next_at_ms,
                Done done) override;

  Result<std::vector<RawRequestPtr>> inbox(size_t limit, size_t bytes_max,
                                           const std::function<bool(EventId)>& skip) override {
    return reader_.inbox(limit, bytes_max, skip);
  }
  Result<DueScan> due(int64_t now_ms, const std::string& from, const DueTaker& take) override {
    return reader_.due(now_ms, from, take);
  }
  Result<EventPtr> loadEvent(const std::string& tenant, EventId id) override {
    return reader_.loadEvent(tenant, id);
  }
  Result<RawRequestPtr> loadRequest(const std::string& tenant, EventId id) override {
    return reader_.loadRequest(tenant, id);
  }
  Result<Page<Event>> listEvents(const EventQuery& query) override {
    return reader_.listEvents(query);
  }
  Result<Delivery> loadDelivery(const std::string& tenant, DeliveryId id) override {
    return reader_.loadDelivery(tenant, id);
  }
  Result<Page<Delivery>> listDeliveries(const DeliveryQuery& query) override {
    return reader_.listDeliveries(query);
  }
  Result<int64_t> countEvents(const EventQuery& query) override {
    return reader_.countEvents(query);
  }
  Result<int64_t> countDeliveries(const DeliveryQuery& query) override {
    return reader_.countDeliveries(query);
  }
  Result<std::vector<DeadCause>> deadCauses(const std::string& tenant, size_t limit) override {
    return reader_.deadCauses(tenant, limit);
  }
  Result<std::vector<Attempt>> listAttempts(DeliveryId id) override {
    return reader_.listAttempts(id);
  }
  Result<Ledger> ledger(const std::string& tenant) override { return reader_.ledger(tenant); }
  Result<std::vector<Step>> listSteps(DeliveryId id) override { return reader_.listSteps(id); }
  Result<std::vector<WaitingStep>> waitingSteps() override { return reader_.waitingSteps(); }
  Result<std::map<std::string, Ledger>> ledgers() override { return reader_.ledgers(); }
  Result<void> checkLedger(LedgerPass& pass, size_t rows_max) override {
    return reader_.checkLedger(pass, rows_max);
  }

  Result<void> putDocument(const std::string& kind, const std::string& key,
                           const std::string& json) override;
  Result<std::vector<std::pair<std::string, std::string>>> documents(
      const std::string& kind) override {
    return reader_.documents(kind);
  }
  Result<void> removeDocument(const std::string& kind, const std::string& key) override;
  Result<void> putToken(const Token& token) override;
  Result<std::optional<Token>> findToken(const std::string& sha256_hex) override {
    return reader_.findToken(sha256_hex);
  }
  Result<std::vector<Token>> tokens() override { return reader_.tokens(); }
  Result<void> removeToken(const std::string& id) override;

  Health health() const override;
  int64_t highestOrderKey() const override;
  size_t queuedWrites() const override { return writer_ ? writer_->waiting() : 0; }
  uint64_t sizeBytes() const override;
  void flush() override;
  void watch(Watcher watcher) override;
  Result<void> exclusively(const std::string& name,
                           const std::function<Result<void>()>& work) override;
  int lane() const override { return member_ ? member_->lane() : -1; }

 private:
  PostgresStore(const std::string& location, const Clock& clock)
      : location_(location), clock_(clock), reader_(location, clock) {}
  Result<void> start(const std::string& location, int64_t lease_ms, const StoreOptions& options,
                     const Clock& clock);
  // Queues the edit and waits until it is durable.
  Result<void> edit(const std::function<Result<void>(Connection&)>& change);
  Result<void> changed(Connection& connection, const std::string& kind);
  // Queues a write; without a writer its completion says so at once.
  template <class Kind>
  void queue(Kind write);

  const std::string location_;
  const Clock& clock_;
  mutable PgReader reader_;
  std::unique_ptr<Member> member_;    // leaves last, when nothing is written any more
  std::unique_ptr<PgWriter> writer_;  // none: read-only
};

}  // namespace junctor::store::postgres
