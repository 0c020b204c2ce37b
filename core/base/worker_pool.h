#pragma once
// WorkerPool: a few threads for calls that may block, with a bounded queue before them.
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "base/threads.h"

namespace junctor {

class WorkerPool {
 public:
  WorkerPool(const std::string& name, size_t threads, size_t waiting_max);
  ~WorkerPool() { stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Runs what is queued to its end and takes nothing more. Not from a task.
  void stop();
  // False, and `task` is not run, if `waiting_max` tasks wait already, or after stop().
  // Thread-safe.
  bool run(std::function<void()> task);

 private:
  void work();

  const size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> tasks_;  // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::vector<Thread> threads_;
};

}  // namespace junctor
