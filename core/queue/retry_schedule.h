#pragma once
// When to try again. Pure: the same inputs give the same answer.
#include <chrono>
#include <optional>
#include <vector>

namespace junctor::queue {

// Waits before attempt 1, 2, …: immediate, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h.
const std::vector<std::chrono::milliseconds>& defaultSchedule();

// The wait after `attempts` finished attempts, with jitter of ±20 % drawn by `unit` in [0, 1).
// `retry_after` (the receiver's wish) lengthens the wait, never beyond kRetryAfterMax, and is not
// jittered downwards. None: the schedule is used up.
std::optional<std::chrono::milliseconds> nextWait(
    const std::vector<std::chrono::milliseconds>& schedule, int attempts, double unit,
    std::optional<std::chrono::milliseconds> retry_after);

inline constexpr std::chrono::milliseconds kRetryAfterMax = std::chrono::hours(24);

}  // namespace junctor::queue
