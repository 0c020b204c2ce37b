#include "store/sqlite/writer.h"

#include <exception>

#include "base/limits.h"
#include "base/log.h"

namespace junctor::store {
namespace {

constexpr int64_t kIdleMs = 1'000;  // also how long a full disk that was cleared goes unnoticed
constexpr int64_t kSpaceCheckNs = 1'000'000'000;
constexpr int kSpaceCheckCommits = 256;
// A reader may hold the log back for a while; from this size on the writer waits for it.
constexpr int kRestartPages = 3 * limits::kCheckpointPages;
constexpr int kRetryPages = 1'000;

void setResult(Write& write, const Error& error) {
  std::visit([&](auto& operation) { operation.result = error; }, write);
}

}  // namespace

Writer::Writer(std::unique_ptr<Database> database, std::unique_ptr<WriteSession> session,
               WriterOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      database_(std::move(database)),
      session_(std::move(session)),
      highest_key_(session_->highestKey()) {
  checkSpace();
  thread_ = Thread("store", [this] { run(); });
}

Writer::~Writer() {
  queue_.close();
  thread_.join();
}

void Writer::append(AppendWrite write) {
  const Health now = health();
  if (now == Health::Ok && queue_.pushAppend(std::move(write))) return;
  const char* why = now == Health::LowSpace  ? "the disk is nearly full"
                    : now == Health::Failing ? "the store cannot write"
                                             : "too many requests wait for the disk";
  write.result = unavailable(why);
  write.complete();
}

void Writer::run() {
  for (;;) {
    std::vector<Write> batch = queue_.take(kIdleMs);
    if (batch.empty()) {
      if (queue_.closed()) return;
      checkSpace();
      continue;
    }
    if (health() == Health::Failing) {
      failAll(batch, broken_);
    } else {
      commit(batch);
    }
    for (Write& write : batch) {
      std::visit([](auto& operation) { operation.complete(); }, write);
    }
    if (health() != Health::Failing) maintain();
    queue_.finished();
  }
}

void Writer::commit(std::vector<Write>& batch) {
  if (session_->commit(batch)) {
    highest_key_.store(session_->highestKey(), std::memory_order_relaxed);
    ++commits_since_space_check_;
    return;
  }
  const Failure failure = database_->failure();
  const Error error = database_->error();
  database_->clearFailure();
  if (failure == Failure::Constraint && batch.size() > 1) return commitOneByOne(batch);
  failAll(batch, error);
  if (failure == Failure::Constraint) return;
  log::error("store", {}, "a batch of {} writes failed: {}", batch.size(), describe(error));
  if (failure == Failure::Full) health_.store(Health::LowSpace, std::memory_order_relaxed);
  if (failure == Failure::Broken) stopWriting(error);
}

// One of them broke a constraint: the others must not suffer for it.
void Writer::commitOneByOne(std::vector<Write>& batch) {
  for (Write& write : batch) {
    std::vector<Write> single;
    single.push_back(std::move(write));
    if (health() == Health::Failing) {
      failAll(single, broken_);
    } else {
      commit(single);
    }
    write = std::move(single.front());
  }
}

void Writer::failAll(std::vector<Write>& batch, const Error& error) {
  for (Write& write : batch) setResult(write, error);
}

// After a failed fsync the kernel may have dropped what it could not write, and a second fsync
// would report success over the hole. Only a restart, which reads the log from the disk, tells the
// truth.
void Writer::stopWriting(const Error& error) {
  broken_ = unavailable("the store stopped writing: " + error.message);
  health_.store(Health::Failing, std::memory_order_relaxed);
  log::error("store", {}, "writing stops until restart: {}", describe(error));
}

void Writer::maintain() {
  checkpoint();
  if (commits_since_space_check_ >= kSpaceCheckCommits ||
      clock_.monotonicNs() - space_checked_ns_ >= kSpaceCheckNs) {
    checkSpace();
  }
}

void Writer::checkpoint() {
  const int frames = database_->walFrames();
  if (frames < checkpointed_frames_) checkpointed_frames_ = 0;  // the log started over
  const int due =
      checkpointed_frames_ == 0 ? limits::kCheckpointPages : checkpointed_frames_ + kRetryPages;
  if (frames < due) return;
  session_->pruneDedupe();
  auto copied = database_->checkpoint(frames >= kRestartPages);
  checkpointed_frames_ = frames;
  if (copied && database_->failure() == Failure::None) return;
  const Failure failure = database_->failure();
  const Error error = database_->error();
  database_->clearFailure();
  log::error("store", {}, "checkpoint failed: {}", describe(error));
  if (failure == Failure::Full) health_.store(Health::LowSpace, std::memory_order_relaxed);
  if (failure == Failure::Broken) stopWriting(error);
}

void Writer::checkSpace() {
  commits_since_space_check_ = 0;
  space_checked_ns_ = clock_.monotonicNs();
  if (health() == Health::Failing) return;
  const auto free = options_.free_bytes(options_.folder);
  if (!free) {
    log::warn("store", {}, "free space is unknown: {}", describe(free.error()));
    return;
  }
  const Health now = *free < options_.low_space_bytes ? Health::LowSpace : Health::Ok;
  if (health_.exchange(now, std::memory_order_relaxed) == now) return;
  if (now == Health::LowSpace) {
    log::error("store", {}, "{} bytes are free, less than {}: new requests are refused", *free,
               options_.low_space_bytes);
  } else {
    log::info("store", {}, "{} bytes are free: requests are taken again", *free);
  }
}

}  // namespace junctor::store
