#pragma once
// Chores: a thread for small work that may wait for the store and is nobody's hot path.
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/threads.h"

namespace junctor::app {

class Chores {
 public:
  explicit Chores(const Clock& clock) : clock_(clock) {}
  ~Chores() { stop(); }

  // Before start(). `run` is called on the thread, `every_ms` after it last returned.
  void repeat(int64_t every_ms, std::function<void()> run);
  void start();
  // What was asked for is done first.
  void stop();
  // Any thread; does not block.
  void soon(std::function<void()> run);

 private:
  struct Repeated {
    int64_t every_ms;
    std::function<void()> run;
    int64_t due_ms = 0;
  };
  void run();

  const Clock& clock_;
  std::vector<Repeated> repeated_;  // constant after start()
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> waiting_;  // guarded by mutex_
  bool stopping_ = false;                      // guarded by mutex_
  Thread thread_;
};

}  // namespace junctor::app
