#include "quota/meter.h"

#include "base/limits.h"

namespace junctor::quota {

HourCount& Meter::current(int64_t now_ms) {
  const int64_t hour = now_ms / kHourMs;
  // A clock that was set back counts on in the newest hour: nobody gets an hour twice.
  if (hours_.empty() || hours_.back().hour < hour) {
    hours_.push_back({hour});
    while (hours_.size() > limits::kUsageHours) hours_.pop_front();
  }
  return hours_.back();
}

HourCount Meter::thisHour(int64_t now_ms) const {
  const int64_t hour = now_ms / kHourMs;
  if (hours_.empty() || hours_.back().hour < hour) return {hour};
  return hours_.back();
}

Alarm Meter::add(Kind kind, int64_t count, int64_t now_ms) {
  HourCount& hour = current(now_ms);
  int64_t& counted = kind == Kind::Events ? hour.events : hour.deliveries;
  const int64_t before = counted;
  counted += count;
  return judge(kind, before, counted);
}

Alarm Meter::judge(Kind kind, int64_t before, int64_t after) {
  const Cap& cap = kind == Kind::Events ? quotas_.events_per_hour : quotas_.deliveries_per_hour;
  const auto reached = [&](int64_t limit) { return limit > 0 && before < limit && after >= limit; };
  if (reached(cap.hard)) return Alarm::Hard;
  if (reached(cap.soft)) return Alarm::Soft;
  if (kind != Kind::Events || quotas_.spike_ratio == 0 || after < kSpikeFloor) return Alarm::None;
  if (alarm_hour_ != hours_.back().hour) {
    alarm_hour_ = hours_.back().hour;
    spiked_ = false;
  }
  if (spiked_ || hours_.size() <= kSpikeHours) return Alarm::None;
  if (static_cast<double>(after) < quotas_.spike_ratio * meanBefore()) return Alarm::None;
  spiked_ = true;
  return Alarm::Spike;
}

// Over the hours since the first that is known: one without any event counts as an hour too.
double Meter::meanBefore() const {
  double sum = 0;
  for (size_t i = 0; i + 1 < hours_.size(); ++i) sum += static_cast<double>(hours_[i].events);
  return sum / static_cast<double>(hours_.back().hour - hours_.front().hour);
}

std::string Meter::capped(int64_t now_ms) const {
  const HourCount hour = thisHour(now_ms);
  const auto over = [](const Cap& cap, int64_t count) { return cap.hard > 0 && count >= cap.hard; };
  if (over(quotas_.events_per_hour, hour.events)) return "events_per_hour";
  if (over(quotas_.deliveries_per_hour, hour.deliveries)) return "deliveries_per_hour";
  return "";
}

}  // namespace junctor::quota
