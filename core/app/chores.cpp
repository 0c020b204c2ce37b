#include "app/chores.h"

#include <algorithm>

namespace junctor::app {
namespace {

constexpr int64_t kTickMs = 250;

}  // namespace

void Chores::repeat(int64_t every_ms, std::function<void()> run) {
  repeated_.push_back({every_ms, std::move(run)});
}

void Chores::start() {
  thread_ = Thread("jn-chores", [this] { run(); });
}

void Chores::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    ready_.notify_all();
  }
  thread_.join();
}

void Chores::soon(std::function<void()> run) {
  std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(run));
  ready_.notify_all();
}

void Chores::run() {
  runBehindAnswers();
  std::unique_lock lock(mutex_);
  while (!stopping_ || !waiting_.empty()) {
    if (!waiting_.empty()) {
      const auto next = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      next();
      lock.lock();
      continue;
    }
    lock.unlock();
    for (Repeated& one : repeated_) {
      if (clock_.monotonicMs() < one.due_ms) continue;
      one.run();
      one.due_ms = clock_.monotonicMs() + one.every_ms;
    }
    lock.lock();
    if (!stopping_ && waiting_.empty()) {
      ready_.wait_for(lock, std::chrono::milliseconds(kTickMs));
    }
  }
}

}  // namespace junctor::app
