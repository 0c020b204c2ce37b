#pragma once
// Rounds: what has to be looked at from time to time, one after the other, on a thread of its own.
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "base/threads.h"

namespace junctor::app {

class Rounds {
 public:
  // `round` may block; it runs every `pause`.
  Rounds(std::chrono::milliseconds pause, std::function<void()> round);
  ~Rounds();
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;

 private:
  void run();

  const std::chrono::milliseconds pause_;
  const std::function<void()> round_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool stopping_ = false;  // guarded by mutex_
  Thread thread_;
};

}  // namespace junctor::app
