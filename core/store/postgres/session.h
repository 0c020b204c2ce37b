#pragma once
// PgSession: applies queued writes to the database, one transaction at a time, as multi-row
// statements. Belongs to the writer thread. Operations that touch the same rows keep their order;
// the others of a batch are carried out kind by kind.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "store/fingerprint.h"
#include "store/postgres/connection.h"
#include "store/postgres/member.h"
#include "store/write_queue.h"

namespace junctor::store::postgres {

class PgSession {
 public:
  PgSession(Member& member, const FingerprintKey& key, int64_t window_ms, const Clock& clock)
      : member_(member), key_(key), window_ms_(window_ms), clock_(clock) {}

  // Applies all writes and sets their results. On an error nothing of them is stored, unless the
  // connection broke in the commit itself: then nobody knows. Connection::fault() says of what kind
  // it was.
  Result<void> commit(Connection& connection, std::vector<Write>& batch);

  int64_t highestKey() const { return highest_key_; }

 private:
  struct Delta {
    int64_t requests = 0, inbox = 0, events = 0, accepted = 0;
    int64_t deliveries[7] = {0, 0, 0, 0, 0, 0, 0};
  };
  struct Stored {  // what a delivery's row says now
    std::string tenant;
    DeliveryState state = DeliveryState::Pending;
    int64_t attempts = 0, tries = 0, epoch = 0;
    bool ordered = false;
  };
  // Writes that touch different rows.
  struct Group {
    std::vector<AppendWrite*> appends;
    std::vector<FinishWrite*> finishes;
    std::vector<PlanWrite*> plans;
    std::vector<RecordWrite*> records;
    std::vector<StateWrite*> states;
    std::vector<StepsWrite*> steps;
    std::vector<EditWrite*> edits;
    std::unordered_set<std::string> touched;

    void add(AppendWrite& write) { appends.push_back(&write); }
    void add(FinishWrite& write) { finishes.push_back(&write); }
    void add(PlanWrite& write) { plans.push_back(&write); }
    void add(RecordWrite& write) { records.push_back(&write); }
    void add(StateWrite& write) { states.push_back(&write); }
    void add(StepsWrite& write) { steps.push_back(&write); }
    void add(EditWrite& write) { edits.push_back(&write); }
  };
  struct Key {  // of a delivery
    std::string tenant;
    int64_t key = 0;
  };

  Result<void> writeAll(std::vector<Write>& batch);
  Result<void> writeGroup(Group& group);
  static bool joins(Group& group, Write& write);
  Result<void> end();
  Result<Rows> run(const char* sql, Params params) {
    return connection_->run({sql, std::move(params)});
  }
  Delta& delta(const std::string& tenant) { return deltas_[tenant]; }
  void saw(int64_t key) { batch_highest_key_ = std::max(batch_highest_key_, key); }
  int64_t oldestKey() const { return (now_ms_ - window_ms_) << 12; }
  std::string printOf(DedupeSpace space, const std::string& integration,
                      const std::string& text) const;

  // session_requests.cpp
  Result<void> append(std::vector<AppendWrite*>& writes);
  Result<void> insertRequests(const std::vector<AppendWrite*>& writes,
                              std::unordered_set<int64_t>& stored);
  Result<void> answerDuplicates(const std::vector<AppendWrite*>& writes);
  Result<void> finish(std::vector<FinishWrite*>& writes);
  Result<void> park(const Event& of);
  Result<void> takeOffInbox(std::vector<FinishWrite*>& writes);
  Result<void> finishAgain(FinishWrite& write);
  Result<Result<void>> settleDeadLetter(DeliveryId id);
  Result<void> putNote(const FlowOutcome& outcome);
  struct Planned {  // an outcome whose request was taken off the inbox
    FinishWrite* write;
    size_t from;
  };
  Result<void> insertPlanned(const std::vector<Planned>& planned);
  Result<std::unordered_set<int64_t>> newEvents(const std::vector<const Event*>& events);
  Result<void> insertEvents(const std::vector<const Event*>& events);

  // session_deliveries.cpp
  Result<void> insertDeliveries(const std::vector<const Delivery*>& deliveries);
  Result<void> lockOrder(std::vector<int64_t> locks);
  Result<void> plan(PlanWrite& write);
  Result<void> record(std::vector<RecordWrite*>& writes);
  Result<void> endFirstRounds(const std::vector<RecordWrite*>& writes,
                              std::unordered_set<int64_t>& done);
  Result<void> recordOne(RecordWrite& write);
  Result<void> lockEnding(const std::vector<RecordWrite*>& writes);
  Result<void> insertAttempt(const std::string& tenant, const Attempt& attempt, int64_t tries);
  Result<void> releaseNext(const std::vector<Key>& after);
  Result<std::optional<Stored>> find(DeliveryId id);
  struct Change {  // what a delivery's row will say
    DeliveryState state;
    int64_t attempts, tries, next_at_ms;
    const std::string& reason;
    uint64_t cause = 0;                    // 0 = as before
    Priority at_least = Priority::Urgent;  // Bulk = from now on
  };
  Result<void> update(DeliveryId id, const Stored& before, const Change& change);
  Result<void> setState(StateWrite& write);
  Result<void> putSteps(StepsWrite& write);
  void count(const std::string& tenant, DeliveryState state);
  void count(const std::string& tenant, DeliveryState from, DeliveryState to);
  int64_t claimFor(bool due_now);

  // constant after construction
  Member& member_;
  const FingerprintKey key_;
  const int64_t window_ms_;
  const Clock& clock_;

  // of the running transaction
  Connection* connection_ = nullptr;
  int64_t epoch_ = 0;
  int64_t now_ms_ = 0;
  int64_t batch_highest_key_ = 0, highest_key_ = 0;
  std::map<std::string, Delta> deltas_;  // in order: nodes lock rows in the same one
  bool leaves_work_ = false;             // that other nodes may take
  int64_t kept_requests_ = 0, kept_deliveries_ = 0;
  int64_t told_ms_ = 0;
};

}  // namespace junctor::store::postgres
