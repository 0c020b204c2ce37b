#pragma once
// A clock that moves when the test says so. Any thread may read it.
#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace junctor::testing {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t unix_ms = 1'763'700'000'000) : unix_ms_(unix_ms) {}

  int64_t unixMs() const override { return unix_ms_; }
  int64_t monotonicNs() const override { return monotonic_ns_; }

  void pass(std::chrono::nanoseconds time) {
    monotonic_ns_ += time.count();
    unix_ms_ += std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  }
  // The wall clock alone jumps, as when somebody sets it.
  void jump(std::chrono::milliseconds by) { unix_ms_ += by.count(); }

 private:
  std::atomic<int64_t> unix_ms_;
  std::atomic<int64_t> monotonic_ns_ = 1'000'000'000;
};

}  // namespace junctor::testing
