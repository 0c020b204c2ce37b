#include "store/write_queue.h"

#include <chrono>
#include <utility>

#include "base/limits.h"

namespace junctor::store {
namespace {

constexpr std::chrono::milliseconds kLinger{1};
constexpr size_t kLingerBelow = 128;  // this many outcomes are company enough
constexpr int kRidesSkippedMax = 2;

// Rows an operation writes, roughly: a batch is bounded by work, not by operations.
size_t weightOf(const Write& write) {
  if (const auto* finish = std::get_if<FinishWrite>(&write)) {
    return (finish->outcome->events.size() + finish->outcome->deliveries.size() + 1) / 2;
  }
  if (const auto* plan = std::get_if<PlanWrite>(&write)) return plan->deliveries.size() / 2;
  return 1;
}

}  // namespace

bool WriteQueue::pushAppend(AppendWrite&& write) {
  const std::lock_guard lock(mutex_);
  if (appends_.size() >= limits::kAppendQueueMax) return false;
  appends_.push_back(std::move(write));
  ++appends_done_.pushed;
  if (writer_waits_) ready_.notify_one();
  return true;
}

void WriteQueue::push(Write&& write) {
  const std::lock_guard lock(mutex_);
  others_.push_back(std::move(write));
  ++others_done_.pushed;
  if (writer_waits_ && (!lingers_ || others_.size() >= kLingerBelow)) ready_.notify_one();
}

// A lone outcome of an idle system is not kept waiting: `idle_` says that the writer slept before.
void WriteQueue::linger(std::unique_lock<std::mutex>& lock) {
  const auto enough = [this] {
    return closed_ || flushing_ > 0 || !appends_.empty() || others_.size() >= kLingerBelow;
  };
  if (idle_ || enough()) return;
  lingers_ = true;
  writer_waits_ = true;
  ready_.wait_for(lock, kLinger, enough);
  writer_waits_ = false;
  lingers_ = false;
}

// Outcomes touch other pages than appends do, and every page touched is written and checksummed
// again in every commit. Under load a few outcomes therefore wait for some commits, until they are
// many enough to share those pages.
bool WriteQueue::othersRide() {
  const bool ride = appends_.empty() || others_.size() >= kLingerBelow || flushing_ > 0 ||
                    rides_skipped_ >= kRidesSkippedMax;
  rides_skipped_ = ride ? 0 : rides_skipped_ + 1;
  return ride;
}

std::vector<Write> WriteQueue::take(int64_t idle_ms) {
  std::unique_lock lock(mutex_);
  idle_ = empty();
  if (idle_) {
    writer_waits_ = true;
    ready_.wait_for(lock, std::chrono::milliseconds(idle_ms),
                    [this] { return !empty() || closed_; });
    writer_waits_ = false;
  }
  linger(lock);

  std::vector<Write> batch;
  batch.reserve(std::min(appends_.size() + others_.size(), limits::kWriteBatchMax));
  // Half the batch is each lane's own; what one leaves free the other may use.
  const size_t half = limits::kWriteBatchMax / 2;
  const bool others_ride = othersRide();
  const size_t others_share = others_ride ? std::min(others_.size(), half) : 0;
  while (!appends_.empty() && batch.size() + others_share < limits::kWriteBatchMax) {
    batch.emplace_back(std::move(appends_.front()));
    appends_.pop_front();
  }
  appends_done_.running = batch.size();
  size_t weight = batch.size();
  while (others_ride && !others_.empty() && weight < limits::kWriteBatchMax) {
    weight += weightOf(others_.front());
    batch.push_back(std::move(others_.front()));
    others_.pop_front();
  }
  others_done_.running = batch.size() - appends_done_.running;
  return batch;
}

void WriteQueue::finished() {
  const std::lock_guard lock(mutex_);
  for (Progress* lane : {&appends_done_, &others_done_}) {
    lane->finished += std::exchange(lane->running, 0);
  }
  if (flushing_ > 0) progress_.notify_all();
}

void WriteQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  ready_.notify_one();
}

bool WriteQueue::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

size_t WriteQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(appends_done_.open() + others_done_.open());
}

void WriteQueue::flush() {
  std::unique_lock lock(mutex_);
  const uint64_t appends = appends_done_.pushed;
  const uint64_t others = others_done_.pushed;
  ++flushing_;
  ready_.notify_one();
  progress_.wait(
      lock, [&] { return appends_done_.finished >= appends && others_done_.finished >= others; });
  --flushing_;
}

}  // namespace junctor::store
