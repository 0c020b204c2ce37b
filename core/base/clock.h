#pragma once
// Clock: the only way to read time. Tests pass a ManualClock; the tidy script bans the raw clocks.
#include <chrono>
#include <cstdint>
#include <string>

namespace junctor {

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall time, Unix milliseconds. May jump; never use it to measure a duration.
  virtual int64_t unixMs() const = 0;
  // Monotonic nanoseconds since an arbitrary start. Deadlines and latencies use it.
  virtual int64_t monotonicNs() const = 0;

  int64_t monotonicMs() const { return monotonicNs() / 1'000'000; }
};

// The machine's clocks. Thread-safe, lives for ever.
const Clock& systemClock();

// Processor time this thread has used, in nanoseconds: tells work from waiting on a busy machine.
int64_t threadCpuNs();

// "2026-11-21T08:30:00.123Z"; always UTC with milliseconds.
std::string formatRfc3339(int64_t unix_ms);

}  // namespace junctor
