#pragma once
// EngineStore: what every engine's store does alike. Reads go to the engine's reader, writes are
// queued for its writer; without a writer (opened for reading only) their completions say so at
// once. `Engine` derives from it, makes it a friend, and has `reader_` and `writer_` (a pointer).
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"
#include "store/write_queue.h"

namespace junctor::store {

template <class Engine>
class EngineStore : public Store {
 public:
  using Store::finish;
  void finish(FlowOutcomePtr outcome, FlowDone done) final {
    FinishWrite write;
    write.outcome = std::move(outcome);
    queue(std::move(write), std::move(done));
  }
  void record(AttemptRecordPtr record, Done done) final {
    RecordWrite write;
    write.record = std::move(record);
    queue(std::move(write), std::move(done));
  }
  void addDeliveries(std::vector<Delivery> deliveries, Done done) final {
    PlanWrite write;
    write.deliveries = std::move(deliveries);
    queue(std::move(write), std::move(done));
  }
  void setDeliveryState(DeliveryId id, DeliveryState state, int64_t next_at_ms, std::string reason,
                        Done done) final {
    StateWrite write;
    write.id = id;
    write.state = state;
    write.next_at_ms = next_at_ms;
    write.reason = std::move(reason);
    queue(std::move(write), std::move(done));
  }
  void putSteps(DeliveryId id, std::vector<Step> steps, std::optional<int64_t> next_at_ms,
                Done done) final {
    StepsWrite write;
    write.id = id;
    write.steps = std::move(steps);
    write.next_at_ms = next_at_ms;
    queue(std::move(write), std::move(done));
  }

  Result<std::vector<RawRequestPtr>> inbox(size_t limit, size_t bytes_max,
                                           const std::function<bool(EventId)>& skip) final {
    return reader().inbox(limit, bytes_max, skip);
  }
  Result<std::map<std::string, int64_t>> parked() final { return reader().parked(); }
  Result<DueScan> due(int64_t now_ms, const std::string& from, const DueTaker& take) final {
    return reader().due(now_ms, from, take);
  }
  Result<EventPtr> loadEvent(const std::string& tenant, EventId id) final {
    return reader().loadEvent(tenant, id);
  }
  Result<RawRequestPtr> loadRequest(const std::string& tenant, EventId id) final {
    return reader().loadRequest(tenant, id);
  }
  Result<Page<Event>> listEvents(const EventQuery& query) final {
    return reader().listEvents(query);
  }
  Result<Delivery> loadDelivery(const std::string& tenant, DeliveryId id) final {
    return reader().loadDelivery(tenant, id);
  }
  Result<Page<Delivery>> listDeliveries(const DeliveryQuery& query) final {
    return reader().listDeliveries(query);
  }
  Result<int64_t> countEvents(const EventQuery& query) final { return reader().countEvents(query); }
  Result<int64_t> countDeliveries(const DeliveryQuery& query) final {
    return reader().countDeliveries(query);
  }
  Result<std::vector<DeadCause>> deadCauses(const std::string& tenant, size_t limit) final {
    return reader().deadCauses(tenant, limit);
  }
  Result<std::vector<Attempt>> listAttempts(DeliveryId id) final {
    return reader().listAttempts(id);
  }
  Result<Ledger> ledger(const std::string& tenant) final { return reader().ledger(tenant); }
  Result<std::map<std::string, Ledger>> ledgers() final { return reader().ledgers(); }
  Result<void> checkLedger(LedgerPass& pass, size_t rows_max) final {
    return reader().checkLedger(pass, rows_max);
  }
  Result<std::vector<Step>> listSteps(DeliveryId id) final { return reader().listSteps(id); }
  Result<std::vector<WaitingStep>> waitingSteps() final { return reader().waitingSteps(); }
  Result<std::vector<std::pair<std::string, std::string>>> documents(
      const std::string& kind) final {
    return reader().documents(kind);
  }
  Result<std::optional<Token>> findToken(const std::string& sha256_hex) final {
    return reader().findToken(sha256_hex);
  }
  Result<std::vector<Token>> tokens() final { return reader().tokens(); }
  size_t queuedWrites() const final {
    const auto& writer = static_cast<const Engine&>(*this).writer_;
    return writer ? writer->waiting() : 0;
  }

 protected:
  static Error readOnly() { return unavailable("the store was opened for reading only"); }

  // Queues the edit and waits until it is durable.
  template <class Connection>
  Result<void> editOn(const std::function<Result<void>(Connection&)>& change) {
    std::promise<Result<void>> promise;
    auto answer = promise.get_future();
    EditWrite write;
    write.edit = [&](WriteConnection& connection) {
      return change(static_cast<Connection&>(connection));
    };
    queue(std::move(write),
          Done([&promise](Result<void> result) { promise.set_value(std::move(result)); }));
    return answer.get();
  }

 private:
  auto& reader() { return static_cast<Engine&>(*this).reader_; }

  template <class Kind, class Completion>
  void queue(Kind write, Completion done) {
    write.done = std::move(done);
    auto& writer = static_cast<Engine&>(*this).writer_;
    if (writer) return writer->push(Write(std::move(write)));
    write.result = readOnly();
    write.complete();
  }
};

}  // namespace junctor::store
