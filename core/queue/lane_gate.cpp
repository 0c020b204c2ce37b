#include "queue/lane_gate.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace junctor::queue {
namespace {

constexpr double kSpread = 0.2;
constexpr int64_t kToldMaxMs = 3'600'000;  // a receiver may not silence its lane for longer

}  // namespace

std::string_view toString(GateState state) {
  switch (state) {
    case GateState::Flowing:
      return "flowing";
    case GateState::Throttled:
      return "throttled";
    case GateState::Open:
      return "open";
    case GateState::Probing:
      return "probing";
    case GateState::Paused:
      return "paused";
    case GateState::Error:
      return "error";
  }
  return "";
}

double LaneGate::burst() const {
  return std::max(1.0, options_.rate_per_second);
}

double LaneGate::tokensAt(int64_t now_ms) const {
  if (tokens_ < 0) return burst();
  const double passed = static_cast<double>(std::max<int64_t>(0, now_ms - tokens_at_ms_)) / 1000;
  return std::min(burst(), tokens_ + passed * options_.rate_per_second);
}

bool LaneGate::mayStart(int64_t now_ms, size_t running, size_t unrecorded) const {
  if (shut(now_ms)) return false;
  if (running + unrecorded >= options_.unrecorded_factor * options_.running_max) return false;
  if (broken_) return !probing(now_ms);
  if (running >= limit_) return false;
  return options_.rate_per_second == 0 || tokensAt(now_ms) >= 1;
}

void LaneGate::started(int64_t now_ms) {
  if (broken_) probe_until_ms_ = now_ms + options_.probe_max_ms;
  if (options_.rate_per_second == 0) return;
  tokens_ = tokensAt(now_ms) - 1;
  tokens_at_ms_ = now_ms;
}

void LaneGate::ended(GateSign sign, int64_t now_ms, std::optional<int64_t> wait_ms, double unit) {
  const bool probed = std::exchange(probe_until_ms_, 0) != 0;
  if (sign == GateSign::Unknown) return;
  if (sign == GateSign::Healthy) {
    deads_ = 0;
    error_ = false;
  }
  if (sign == GateSign::Healthy || (sign == GateSign::Refused && !error_)) {
    failures_ = 0;
    open_wait_ms_ = 0;
    // What was under way when the breaker opened says as much as a probe does.
    if (std::exchange(broken_, false)) limit_ = 1;
    limit_ = std::min(options_.running_max, limit_ + 1);
    return;
  }
  if (sign == GateSign::Overloaded) {
    limit_ = std::max<size_t>(1, limit_ / 2);
    if (wait_ms) told_until_ms_ = now_ms + std::min(*wait_ms, kToldMaxMs);
  }
  ++failures_;
  if (broken_ ? probed : failures_ >= options_.failures_to_open) open(now_ms, unit);
}

void LaneGate::open(int64_t now_ms, double unit) {
  broken_ = true;
  const int64_t first = error_ ? options_.error_first_ms : options_.open_first_ms;
  const int64_t longest = error_ ? options_.error_max_ms : options_.open_max_ms;
  open_wait_ms_ = std::clamp(open_wait_ms_ * 2, first, longest);
  const double factor = 1 - kSpread + 2 * kSpread * unit;
  not_before_ms_ = now_ms + std::llround(static_cast<double>(open_wait_ms_) * factor);
}

bool LaneGate::died(int64_t now_ms, double unit) {
  if (++deads_ < options_.deads_to_error || error_) return false;
  error_ = true;
  open_wait_ms_ = 0;
  open(now_ms, unit);
  return true;
}

void LaneGate::suspend(int64_t now_ms) {
  error_ = true;
  broken_ = true;
  deads_ = options_.deads_to_error;
  not_before_ms_ = now_ms;
}

void LaneGate::forgive() {
  error_ = false;
  deads_ = 0;
  broken_ = false;
  probe_until_ms_ = 0;
  failures_ = 0;
  open_wait_ms_ = 0;
  not_before_ms_ = 0;
  told_until_ms_ = 0;
  limit_ = options_.running_max;
}

bool LaneGate::shut(int64_t now_ms) const {
  return paused_ || told_until_ms_ > now_ms || (broken_ && not_before_ms_ > now_ms);
}

int64_t LaneGate::shutUntil(int64_t now_ms) const {
  if (paused_) return kNever;
  return std::max({now_ms, told_until_ms_, broken_ ? not_before_ms_ : 0});
}

int64_t LaneGate::startsAt(int64_t now_ms) const {
  if (shut(now_ms)) return shutUntil(now_ms);
  if (broken_) return probing(now_ms) ? kNever : now_ms;
  if (options_.rate_per_second == 0) return kNever;
  const double missing = 1 - tokensAt(now_ms);
  if (missing <= 0) return kNever;  // only the number under way is in the way
  return now_ms +
         std::max<int64_t>(1, std::llround(std::ceil(missing * 1000 / options_.rate_per_second)));
}

GateState LaneGate::state(int64_t now_ms) const {
  if (paused_) return GateState::Paused;
  if (error_) return GateState::Error;
  if (broken_) return not_before_ms_ > now_ms ? GateState::Open : GateState::Probing;
  const bool throttled = told_until_ms_ > now_ms || limit_ < options_.running_max;
  return throttled ? GateState::Throttled : GateState::Flowing;
}

}  // namespace junctor::queue
