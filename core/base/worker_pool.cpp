#include "base/worker_pool.h"

#include <algorithm>

namespace junctor {

WorkerPool::WorkerPool(const std::string& name, size_t threads, size_t waiting_max)
    : waiting_max_(waiting_max), per_lane_max_(std::max<size_t>(1, threads / 2)) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back(name, [this] { work(); });
}

void WorkerPool::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  for (Thread& thread : threads_) thread.join();
}

bool WorkerPool::run(std::function<void()> task, const std::string& lane) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || tasks_.size() >= waiting_max_) return false;
    tasks_.push_back({std::move(task), lane});
  }
  ready_.notify_one();
  return true;
}

std::deque<WorkerPool::Task>::iterator WorkerPool::next() {
  return std::find_if(tasks_.begin(), tasks_.end(), [this](const Task& task) {
    const auto running = running_.find(task.lane);
    return task.lane.empty() || running == running_.end() || running->second < per_lane_max_;
  });
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    auto found = next();
    while (found == tasks_.end()) {
      if (stopping_ && tasks_.empty()) return;
      ready_.wait(lock);
      found = next();
    }
    Task task = std::move(*found);
    tasks_.erase(found);
    if (!task.lane.empty()) ++running_[task.lane];
    lock.unlock();
    task.run();
    task.run = nullptr;
    lock.lock();
    if (task.lane.empty()) continue;
    if (--running_[task.lane] == 0) running_.erase(task.lane);
    // One of this lane may run now, and whoever waits for the end looks again.
    ready_.notify_all();
  }
}

}  // namespace junctor
