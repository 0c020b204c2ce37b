#pragma once
// WriteQueue: what waits for an engine's writer. Two lanes, so that neither a flood of new requests
// nor one of outcomes holds the other up; order is kept within a lane.
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "store/store.h"
#include "store/write_connection.h"

namespace junctor::store {

// One queued operation. `result` is set when it was applied; `done` gets it after the commit.
template <class T>
struct Pending {
  std::function<void(Result<T>)> done;
  std::optional<Result<T>> result;

  void complete() {
    if (done) done(*std::move(result));
  }
};

struct AppendWrite : Pending<Appended> {
  RawRequestPtr request;
  std::string headers;    // encoded, checksummed and fingerprinted on the caller's thread:
  uint32_t checksum = 0;  // the writer is the one thread there is only one of
  uint64_t print = 0;
};
struct FinishWrite : Pending<FlowStored> {
  FlowOutcomePtr outcome;
};
struct RecordWrite : Pending<void> {
  AttemptRecordPtr record;
};
struct PlanWrite : Pending<void> {
  std::vector<Delivery> deliveries;
};
struct StateWrite : Pending<void> {
  DeliveryId id;
  DeliveryState state = DeliveryState::Pending;
  int64_t next_at_ms = 0;
  std::string reason;
};
struct StepsWrite : Pending<void> {
  DeliveryId id;
  std::vector<Step> steps;
  std::optional<int64_t> next_at_ms;
};
// Documents and tokens: rare, so a function instead of a type each. It gets the engine's own
// connection, inside the transaction.
struct EditWrite : Pending<void> {
  std::function<Result<void>(WriteConnection&)> edit;
};
using Write = std::variant<AppendWrite, FinishWrite, RecordWrite, PlanWrite, StateWrite, StepsWrite,
                           EditWrite>;

class WriteQueue {
 public:
  // False if limits::kAppendQueueMax appends wait already; `write` is then untouched.
  bool pushAppend(AppendWrite&& write);
  void push(Write&& write);

  // Takes the next batch: appends first, then the others, at most limits::kWriteBatchMax rows of
  // work. Waits up to `idle_ms` for something; empty when nothing came or close() was called.
  // When only a few outcomes wait soon after the last commit, it waits a moment for company: each
  // commit costs an fsync, and nobody stands at the door for an outcome.
  std::vector<Write> take(int64_t idle_ms);
  // The batch that take() gave was carried out and its completions ran.
  void finished();

  void close();  // take() no longer waits
  bool closed() const;
  size_t waiting() const;  // queued or in the running batch
  void flush();            // until everything pushed before is finished

 private:
  bool empty() const { return appends_.empty() && others_.empty(); }
  void linger(std::unique_lock<std::mutex>& lock);
  bool othersRide();

  mutable std::mutex mutex_;
  std::condition_variable ready_;     // for the writer
  std::condition_variable progress_;  // for flush()
  std::deque<AppendWrite> appends_;
  std::deque<Write> others_;
  // Each lane is carried out in its own order, so each has its own count.
  struct Progress {
    uint64_t pushed = 0, finished = 0;
    size_t running = 0;  // in the batch that take() gave
    uint64_t open() const { return pushed - finished; }
  };
  Progress appends_done_, others_done_;
  bool writer_waits_ = false;
  bool lingers_ = false;
  bool closed_ = false;
  bool idle_ = true;  // nothing was waiting when the writer last asked
  int flushing_ = 0;
  int rides_skipped_ = 0;  // commits since outcomes last rode along
};

}  // namespace junctor::store
