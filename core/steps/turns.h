#pragma once
// Turns: tasks that block a thread, run on a pool in turn by tenant. One tenant has half of the
// threads at most, so that those who wait for a slow provider leave room for the others.
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/worker_pool.h"

namespace junctor::steps {

class Turns {
 public:
  Turns(const std::string& name, size_t threads)
      : threads_(threads), pool_(name, threads, threads) {}
  ~Turns() { stop(); }

  // Thread-safe. False: after stop().
  bool run(const std::string& tenant, std::function<void()> task);
  // What runs is ended, what waits is dropped. Not from a task.
  void stop();

 private:
  struct Line {
    std::deque<std::function<void()>> waiting;
    size_t running = 0;
  };
  struct Next {
    std::string tenant;
    std::function<void()> task;
  };

  void pump();
  std::optional<Next> next();
  void ended(const std::string& tenant);

  const size_t threads_;
  std::mutex mutex_;
  std::map<std::string, Line> lines_;  // by tenant; guarded by mutex_
  std::deque<std::string> turn_;       // tenants with waiting tasks; guarded by mutex_
  size_t running_ = 0;                 // guarded by mutex_
  bool stopped_ = false;               // guarded by mutex_
  WorkerPool pool_;                    // last: its threads use the others
};

}  // namespace junctor::steps
