#include "action/pacer.h"

#include <catch2/catch.hpp>

#include "base/threads.h"
#include "support/manual_clock.h"

namespace junctor::testing {
namespace {

using action::Pacer;
using std::chrono::seconds;

constexpr int64_t kSecondNs = 1'000'000'000;
const RateLimit kTwoPerSecond{2, seconds(1)};

// Lets one go that need not wait.
Pacer::Leave entered(Pacer& pacer, const RateLimit& rate, const Clock& clock) {
  auto leave = pacer.enter("i", rate, clock.monotonicNs(), nullptr);
  REQUIRE(leave);
  return std::move(*leave);
}

Error refused(Pacer& pacer, const RateLimit& rate, const Clock& clock, int64_t patience_ns = 0) {
  const auto leave = pacer.enter("i", rate, clock.monotonicNs() + patience_ns, nullptr);
  REQUIRE_FALSE(leave);
  return leave.error();
}

}  // namespace

TEST_CASE("a rate counts what is under way and what was answered within its time") {
  ManualClock clock;
  Pacer pacer(clock);
  {
    const auto first = entered(pacer, kTwoPerSecond, clock);
    const auto second = entered(pacer, kTwoPerSecond, clock);
    CHECK(refused(pacer, kTwoPerSecond, clock).code == ErrorCode::ResourceExhausted);
    clock.pass(seconds(10));  // still under way: the provider may not have seen them yet
    CHECK(refused(pacer, kTwoPerSecond, clock).retry_after);
  }
  clock.pass(std::chrono::milliseconds(999));
  const Error soon = refused(pacer, kTwoPerSecond, clock);
  CHECK(soon.retry_after->count() <= 3);
  clock.pass(std::chrono::milliseconds(2));
  const auto third = entered(pacer, kTwoPerSecond, clock);
}

TEST_CASE("integrations have a rate each, and none have none") {
  ManualClock clock;
  Pacer pacer(clock);
  const auto one = pacer.enter("a", {1, seconds(1)}, clock.monotonicNs(), nullptr);
  const auto other = pacer.enter("b", {1, seconds(1)}, clock.monotonicNs(), nullptr);
  CHECK((one && other));
  for (int i = 0; i < 1'000; ++i) entered(pacer, {}, clock);
}

TEST_CASE("a pause that the provider asked for holds everybody back, whatever the rate") {
  ManualClock clock;
  Pacer pacer(clock);
  pacer.pause("i", seconds(7));
  CHECK(refused(pacer, {}, clock).retry_after->count() > 6'900);
  clock.pass(seconds(8));
  entered(pacer, {}, clock);
}

TEST_CASE("who waits is let go when its turn comes, and told when it cannot come in time") {
  Pacer pacer(systemClock());
  const RateLimit rate{1, seconds(1)};
  const int64_t begun = systemClock().monotonicNs();
  {
    entered(pacer, rate, systemClock());
  }
  CHECK(refused(pacer, rate, systemClock(), kSecondNs / 100).retry_after);
  const auto leave = pacer.enter("i", rate, begun + 60 * kSecondNs, nullptr);
  CHECK(leave);
  CHECK(systemClock().monotonicNs() - begun >= kSecondNs);
  const std::atomic<bool> cancelled = true;
  const auto stopped = pacer.enter("i", rate, begun + 60 * kSecondNs, &cancelled);
  CHECK(stopped.error().code == ErrorCode::Cancelled);
}

TEST_CASE("nodes share a rate, and never have more of it together") {
  for (const int64_t count : {1, 2, 3, 7, 100, 5'000}) {
    for (const int nodes : {1, 2, 3, 5, 64}) {
      const RateLimit share = action::shareOf({count, std::chrono::seconds(60)}, nodes);
      INFO(count << " over " << nodes);
      CHECK(share.count >= 1);
      // nodes * share.count / share.per <= count / 60
      CHECK(nodes * share.count * 60 <= count * share.per.count());
    }
  }
  CHECK(action::shareOf({}, 3).count == 0);  // no limit stays none
}

TEST_CASE("many threads never exceed the rate in any second") {
  constexpr size_t kRate = 40;
  Pacer pacer(systemClock());
  std::mutex mutex;
  std::vector<int64_t> sent;
  {
    std::vector<Thread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back("pace", [&] {
        for (int n = 0; n < 6; ++n) {
          const auto leave = pacer.enter("i", {kRate, seconds(1)},
                                         systemClock().monotonicNs() + 60 * kSecondNs, nullptr);
          std::lock_guard lock(mutex);
          sent.push_back(systemClock().monotonicNs());
        }
      });
    }
  }
  REQUIRE(sent.size() == 96);
  for (size_t i = kRate; i < sent.size(); ++i) CHECK(sent[i] - sent[i - kRate] >= kSecondNs);
}

}  // namespace junctor::testing
