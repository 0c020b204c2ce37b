#pragma once
// WriteSession: applies queued writes to the tables, one transaction at a time. Belongs to the
// writer thread. An operation is checked before it writes, so a refused one leaves no trace in the
// batch.
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "store/fingerprint.h"
#include "store/sqlite/database.h"
#include "store/sqlite/dedupe_window.h"
#include "store/sqlite/name_table.h"
#include "store/sqlite/tenant_index.h"
#include "store/write_queue.h"

namespace junctor::store {

class WriteSession {
 public:
  // Loads the dedupe window. Fails if the tables cannot be read.
  static Result<std::unique_ptr<WriteSession>> open(Database& database, NameTable& names,
                                                    const FingerprintKey& key, int64_t window_ms,
                                                    const Clock& clock);

  // Applies all writes in one transaction and sets their results. On failure nothing of them is
  // stored, in the file or in memory; Database::failure() says of what kind it was.
  bool commit(std::vector<Write>& batch);
  // Deletes a bounded number of dedupe rows that left the window.
  bool pruneDedupe();

  int64_t highestKey() const { return highest_key_; }  // of all rows committed so far
  const DedupeWindow& window() const { return window_; }

 private:
  struct Delta {
    int64_t requests = 0, inbox = 0, events = 0, accepted = 0;
    int64_t deliveries[7] = {0, 0, 0, 0, 0, 0, 0};
  };
  struct Stored {  // what a delivery's row says now
    int64_t tenant = 0;
    DeliveryState state = DeliveryState::Pending;
    int attempts = 0;
    int64_t tries = 0;
  };

  WriteSession(Database& database, NameTable& names, const FingerprintKey& key, int64_t window_ms,
               const Clock& clock);
  Result<void> loadWindow();
  Result<void> loadHighestKey();

  bool writeBatch(std::vector<Write>& batch);
  void rollback();
  void writeCounters();
  void writeDedupe();
  int64_t nameNumber(const std::string& text) { return names_.number(insert_name_, text); }
  void remember(uint64_t print, int64_t key);
  Delta& delta(int64_t tenant) { return deltas_[tenant]; }

  // write_requests.cpp
  Result<Appended> apply(AppendWrite& write);
  std::optional<EventId> findFirst(const AppendWrite& write);
  void insertRequest(const AppendWrite& write);
  Result<FlowStored> apply(FinishWrite& write);
  Result<void> takeOffInbox(EventId id);
  bool seenEvent(const Event& event);
  Result<FlowStored> applyAgain(const FlowOutcome& outcome);
  Result<void> settleDeadLetter(DeliveryId id);
  void putNote(const FlowOutcome& outcome);
  FlowStored insertPlanned(const FlowOutcome& outcome, size_t from);
  void insertEvent(const Event& event);
  void insertEventRow(const Event& event);

  // write_deliveries.cpp
  void insertDelivery(const Delivery& delivery);
  int64_t dueTime(const Delivery& delivery, int64_t tenant);
  void releaseNext(DeliveryId after);
  Result<Stored> findDelivery(DeliveryId id);
  Result<void> apply(RecordWrite& write);
  bool endsFirstRound(const AttemptRecord& record);
  void insertAttempt(const Attempt& attempt, int64_t tries);
  void count(int64_t tenant, DeliveryState from, DeliveryState to);
  Result<void> apply(PlanWrite& write);
  Result<void> apply(StateWrite& write);
  Result<void> apply(StepsWrite& write);
  Result<void> apply(EditWrite& write) { return write.edit(database_); }

  // constant after construction
  Database& database_;
  NameTable& names_;
  const FingerprintKey key_;
  const Clock& clock_;

  DedupeWindow window_;
  TenantIndex event_index_, delivery_index_;
  int64_t highest_key_ = 0;

  // of the running transaction
  int64_t now_ms_ = 0;
  int64_t batch_highest_key_ = 0;
  std::vector<DedupeEntry> fresh_;
  std::unordered_map<int64_t, Delta> deltas_;

  Statement begin_, commit_, insert_name_, insert_dedupe_, prune_dedupe_, add_counters_;
  Statement find_request_, insert_request_, insert_inbox_, delete_inbox_, insert_parked_;
  Statement find_event_source_, find_event_, insert_event_, delete_event_;
  Statement insert_delivery_, find_delivery_, update_delivery_;
  Statement end_attempt_, insert_attempt_, find_earlier_, release_next_;
  Statement find_step_, put_step_, postpone_, put_document_;
};

}  // namespace junctor::store
