#include <catch2/catch.hpp>

#include "queue/retry_schedule.h"

using namespace std::chrono_literals;
using junctor::queue::defaultSchedule;
using junctor::queue::kRetryAfterMax;
using junctor::queue::nextWait;

TEST_CASE("the default schedule is immediate, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h") {
  const auto& schedule = defaultSchedule();
  REQUIRE(schedule.size() == 8);
  const double middle = 0.5;  // no jitter
  CHECK(*nextWait(schedule, 0, middle, std::nullopt) == 0s);
  CHECK(*nextWait(schedule, 1, middle, std::nullopt) == 5s);
  CHECK(*nextWait(schedule, 2, middle, std::nullopt) == 5min);
  CHECK(*nextWait(schedule, 7, middle, std::nullopt) == 10h);
}

TEST_CASE("the schedule ends") {
  CHECK_FALSE(nextWait(defaultSchedule(), 8, 0.5, std::nullopt));
  CHECK_FALSE(nextWait({}, 0, 0.5, std::nullopt));
}

TEST_CASE("jitter stays within 20 percent either way") {
  const std::vector<std::chrono::milliseconds> schedule = {100s};
  CHECK(*nextWait(schedule, 0, 0.0, std::nullopt) == 80s);
  CHECK(*nextWait(schedule, 0, 0.999999, std::nullopt) <= 120s);
  CHECK(*nextWait(schedule, 0, 0.999999, std::nullopt) > 119s);
}

TEST_CASE("Retry-After lengthens the wait, never shortens it, and is capped") {
  const std::vector<std::chrono::milliseconds> schedule = {10s};
  CHECK(*nextWait(schedule, 0, 0.5, 60s) == 60s);
  CHECK(*nextWait(schedule, 0, 0.5, 1s) == 10s);
  CHECK(*nextWait(schedule, 0, 0.5, 1000h) == kRetryAfterMax);
}

TEST_CASE("Retry-After does not add attempts to a schedule that is used up") {
  CHECK_FALSE(nextWait({1s}, 1, 0.5, 60s));
}
