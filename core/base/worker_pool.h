#pragma once
// WorkerPool: a few threads for calls that may block, with a bounded queue before them.
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
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
  // False, and `task` is not run, if `waiting_max` tasks wait already, or after stop(). Of those
  // with the same `lane` ("" = none) at most half the threads run at once: who waits for a slow
  // provider must leave threads to the others. Thread-safe.
  bool run(std::function<void()> task, const std::string& lane = "");

 private:
  struct Task {
    std::function<void()> run;
    std::string lane;
  };
  void work();
  // The first that may run now; the caller holds the lock.
  std::deque<Task>::iterator next();

  const size_t waiting_max_;
  const size_t per_lane_max_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Task> tasks_;                 // guarded by mutex_
  std::map<std::string, size_t> running_;  // by lane, of those that have one; guarded by mutex_
  bool stopping_ = false;                  // guarded by mutex_
  std::vector<Thread> threads_;
};

}  // namespace junctor
