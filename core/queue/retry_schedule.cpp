#include "queue/retry_schedule.h"

#include <algorithm>

namespace junctor::queue {

using std::chrono::milliseconds;

const std::vector<milliseconds>& defaultSchedule() {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  static const std::vector<milliseconds> schedule = {
      seconds(0), seconds(5), minutes(5), minutes(30), hours(2), hours(5), hours(10), hours(10)};
  return schedule;
}

std::optional<milliseconds> nextWait(const std::vector<milliseconds>& schedule, int attempts,
                                     double unit, std::optional<milliseconds> retry_after) {
  const auto index = static_cast<size_t>(attempts);
  if (index >= schedule.size()) return std::nullopt;
  constexpr double kSpread = 0.2;
  const double factor = 1.0 - kSpread + 2.0 * kSpread * unit;
  milliseconds wait(static_cast<int64_t>(static_cast<double>(schedule[index].count()) * factor));
  if (retry_after) wait = std::max(wait, std::min(*retry_after, kRetryAfterMax));
  return wait;
}

}  // namespace junctor::queue
