#include "base/clock.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

#include "base/process_cpu.h"

namespace junctor {
namespace {

int64_t read(clockid_t id, int64_t per_second, int64_t nanos_per_unit) {
  timespec now{};
  clock_gettime(id, &now);
  return int64_t{now.tv_sec} * per_second + now.tv_nsec / nanos_per_unit;
}

class SystemClock final : public Clock {
 public:
  int64_t unixMs() const override { return read(CLOCK_REALTIME, 1000, 1'000'000); }
  int64_t monotonicNs() const override { return read(CLOCK_MONOTONIC, 1'000'000'000, 1); }
};

}  // namespace

const Clock& systemClock() {
  static const SystemClock clock;
  return clock;
}

int64_t processCpuNs(int pid) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return -1;
  return used.tv_sec * 1'000'000'000 + used.tv_nsec;
}

int64_t threadCpuNs() {
  return read(CLOCK_THREAD_CPUTIME_ID, 1'000'000'000, 1);
}

std::string formatRfc3339(int64_t unix_ms) {
  int64_t seconds = unix_ms / 1000;
  int64_t millis = unix_ms % 1000;
  if (millis < 0) {
    millis += 1000;
    seconds -= 1;
  }
  const std::chrono::sys_seconds when{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(when - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(), millis);
}

}  // namespace junctor
