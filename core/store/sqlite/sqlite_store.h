#pragma once
// SqliteStore: Store over one SQLite file. Puts the writer and the reader together.
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "store/fingerprint.h"
#include "store/sqlite/name_table.h"
#include "store/sqlite/process_lock.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/writer.h"
#include "store/store.h"

namespace junctor::store {

class SqliteStore final : public Store {
 public:
  static Result<std::unique_ptr<Store>> open(const std::string& path, const StoreOptions& options,
                                             const Clock& clock);
  ~SqliteStore() override = default;

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

  Health health() const override { return writer_ ? writer_->health() : Health::Ok; }
  int64_t highestOrderKey() const override;
  size_t queuedWrites() const override { return writer_ ? writer_->waiting() : 0; }
  uint64_t sizeBytes() const override;
  void flush() override;

 private:
  SqliteStore(std::string path, bool read_only)
      : path_(std::move(path)), reader_(path_, names_, read_only) {}
  Result<void> startWriting(const StoreOptions& options, const Clock& clock);
  Result<void> startReading();
  // Queues the edit and waits until it is durable.
  Result<void> edit(const std::function<Result<void>(Database&)>& change);
  // Queues a write; without a writer its completion says so at once.
  template <class Kind>
  void queue(Kind write);

  const std::string path_;
  FingerprintKey key_;
  std::optional<ProcessLock> lock_;  // given up last
  NameTable names_;
  std::unique_ptr<Writer> writer_;  // none: read-only
  Reader reader_;  // closed before the writer, whose close then folds the log into the file
};

}  // namespace junctor::store
