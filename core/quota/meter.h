#pragma once
// Meter: what one tenant used in the hours of the wall clock, against its caps. Pure: the owner
// passes `now` (Unix milliseconds) and serializes calls.
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "model/catalog.h"

namespace junctor::quota {

enum class Kind { Events, Deliveries };
// Told once an hour each.
enum class Alarm { None, Soft, Hard, Spike };

struct HourCount {
  int64_t hour = 0;  // Unix hours
  int64_t events = 0, deliveries = 0;
};

class Meter {
 public:
  static constexpr int64_t kHourMs = 3'600'000;
  static constexpr int64_t kSpikeFloor = 100;  // events; below it nothing is a spike
  static constexpr size_t kSpikeHours = 3;     // of history that a mean needs

  void limit(const Quotas& quotas) { quotas_ = quotas; }
  // Counts; the alarm that this one raises.
  Alarm add(Kind kind, int64_t count, int64_t now_ms);
  // Is a hard cap reached in this hour? Its name: "events_per_hour", "deliveries_per_hour"; or "".
  std::string capped(int64_t now_ms) const;
  static int64_t hourEnd(int64_t now_ms) { return (now_ms / kHourMs + 1) * kHourMs; }

  const Quotas& quotas() const { return quotas_; }
  HourCount thisHour(int64_t now_ms) const;
  const std::deque<HourCount>& hours() const { return hours_; }  // oldest first
  void restore(std::deque<HourCount> hours) { hours_ = std::move(hours); }

 private:
  HourCount& current(int64_t now_ms);
  Alarm judge(Kind kind, int64_t before, int64_t after);
  double meanBefore() const;

  Quotas quotas_;
  std::deque<HourCount> hours_;  // with a gap where nothing was counted
  int64_t alarm_hour_ = 0;
  bool spiked_ = false;  // in that hour
};

}  // namespace junctor::quota
