#include <catch2/catch.hpp>

#include "queue/lane_gate.h"

using junctor::queue::GateOptions;
using junctor::queue::GateSign;
using junctor::queue::GateState;
using junctor::queue::LaneGate;

namespace {

GateOptions options() {
  GateOptions o;
  o.running_max = 8;
  o.failures_to_open = 3;
  o.open_first_ms = 1'000;
  o.open_max_ms = 4'000;
  return o;
}

// A gate with its own clock, and verbs for what happens at it.
struct Lane {
  explicit Lane(const GateOptions& o = options()) : gate(o) {}

  void pass(int64_t ms) { now += ms; }
  bool start() {
    if (!gate.mayStart(now, running)) return false;
    gate.started(now);
    ++running;
    return true;
  }
  void end(GateSign sign, std::optional<int64_t> wait_ms = std::nullopt) {
    --running;
    gate.ended(sign, now, wait_ms, 0.5);
  }
  void fail(int times) {
    for (int i = 0; i < times; ++i) {
      REQUIRE(start());
      end(GateSign::Failing);
    }
  }
  int startAll() {
    int count = 0;
    while (start()) ++count;
    return count;
  }

  LaneGate gate;
  int64_t now = 1'000'000;
  size_t running = 0;
};

}  // namespace

TEST_CASE("a healthy destination runs as many as it may at once") {
  Lane lane;
  CHECK(lane.startAll() == 8);
  CHECK(lane.gate.state(lane.now) == GateState::Flowing);
  CHECK(lane.gate.startsAt(lane.now) == LaneGate::kNever);  // an ending delivery helps, not time
  lane.end(GateSign::Healthy);
  CHECK(lane.startAll() == 1);
}

TEST_CASE("what a crash would repeat is bounded: a slow disk holds new deliveries back") {
  const Lane lane;  // eight at once, four times as many with those not recorded yet
  CHECK(lane.gate.mayStart(lane.now, 0, 31));
  CHECK_FALSE(lane.gate.mayStart(lane.now, 0, 32));
  CHECK(lane.gate.mayStart(lane.now, 7, 24));
  CHECK_FALSE(lane.gate.mayStart(lane.now, 7, 25));
}

TEST_CASE("failures in a row open the breaker, a success in between does not") {
  Lane lane;
  lane.fail(2);
  REQUIRE(lane.start());
  lane.end(GateSign::Healthy);
  lane.fail(2);
  CHECK(lane.gate.state(lane.now) == GateState::Flowing);
  lane.fail(1);
  CHECK(lane.gate.state(lane.now) == GateState::Open);
  CHECK_FALSE(lane.start());
  CHECK(lane.gate.shut(lane.now));
  CHECK(lane.gate.shutUntil(lane.now) == lane.now + 1'000);
}

TEST_CASE("an open breaker lets one probe through, and its success closes it gently") {
  Lane lane;
  lane.fail(3);
  lane.pass(1'000);
  CHECK(lane.gate.state(lane.now) == GateState::Probing);
  CHECK(lane.startAll() == 1);
  CHECK(lane.gate.startsAt(lane.now) == LaneGate::kNever);
  lane.end(GateSign::Healthy);
  CHECK(lane.startAll() == 2);
  lane.end(GateSign::Healthy);
  lane.end(GateSign::Healthy);
  CHECK(lane.startAll() == 4);
}

TEST_CASE("each failed probe doubles the wait up to its limit") {
  Lane lane;
  lane.fail(3);
  for (const int64_t wait : {1'000, 2'000, 4'000, 4'000}) {
    CHECK(lane.gate.shutUntil(lane.now) == lane.now + wait);
    lane.pass(wait - 1);
    CHECK_FALSE(lane.start());
    lane.pass(1);
    REQUIRE(lane.start());
    lane.end(GateSign::Failing);
  }
}

TEST_CASE("what was under way when the breaker opened does not lengthen the wait") {
  Lane lane;
  REQUIRE(lane.startAll() == 8);
  for (int i = 0; i < 8; ++i) lane.end(GateSign::Failing);
  CHECK(lane.gate.shutUntil(lane.now) == lane.now + 1'000);
}

TEST_CASE("a probe that was never sent leaves the way for another") {
  Lane lane;
  lane.fail(3);
  lane.pass(1'000);
  REQUIRE(lane.start());
  lane.end(GateSign::Unknown);
  CHECK(lane.gate.state(lane.now) == GateState::Probing);
  CHECK(lane.startAll() == 1);
}

TEST_CASE("an overloaded receiver gets half as many at once, then one more for each it takes") {
  Lane lane;
  REQUIRE(lane.startAll() == 8);
  lane.end(GateSign::Overloaded);
  CHECK(lane.gate.limit() == 4);
  CHECK(lane.gate.state(lane.now) == GateState::Throttled);
  for (int i = 0; i < 7; ++i) lane.end(GateSign::Healthy);
  CHECK(lane.gate.limit() == 8);
  CHECK(lane.gate.state(lane.now) == GateState::Flowing);
}

TEST_CASE("Retry-After of an overloaded receiver silences its whole lane") {
  Lane lane;
  REQUIRE(lane.start());
  lane.end(GateSign::Overloaded, 5'000);
  CHECK_FALSE(lane.start());
  CHECK(lane.gate.shutUntil(lane.now) == lane.now + 5'000);
  lane.pass(5'000);
  CHECK(lane.start());
}

TEST_CASE("a receiver cannot silence its lane for longer than an hour") {
  Lane lane;
  REQUIRE(lane.start());
  lane.end(GateSign::Overloaded, int64_t{1} << 50);
  CHECK(lane.gate.shutUntil(lane.now) == lane.now + 3'600'000);
}

TEST_CASE("a rate limit spreads the starts and keeps a second's worth for a burst") {
  GateOptions limited = options();
  limited.running_max = 1'000;
  limited.rate_per_second = 5;
  Lane lane(limited);
  CHECK(lane.startAll() == 5);
  CHECK(lane.gate.startsAt(lane.now) == lane.now + 200);
  lane.pass(199);
  CHECK_FALSE(lane.start());
  lane.pass(1);
  CHECK(lane.startAll() == 1);
  lane.pass(60'000);
  CHECK(lane.startAll() == 5);
  int started = 0;
  for (int step = 0; step < 1'000; ++step) {
    lane.pass(10);
    started += lane.startAll();
  }
  CHECK(started == 50);
}

TEST_CASE("a rate below one a second still lets one through") {
  GateOptions slow = options();
  slow.rate_per_second = 0.5;
  Lane lane(slow);
  CHECK(lane.startAll() == 1);
  CHECK(lane.gate.startsAt(lane.now) == lane.now + 2'000);
}

TEST_CASE("a clock that stands still or goes back gives no tokens") {
  GateOptions limited = options();
  limited.rate_per_second = 5;
  Lane lane(limited);
  REQUIRE(lane.startAll() == 5);
  lane.pass(-10'000);
  CHECK_FALSE(lane.start());
}

TEST_CASE("a paused lane starts nothing until it is resumed") {
  Lane lane;
  lane.gate.pause();
  CHECK_FALSE(lane.start());
  CHECK(lane.gate.shutUntil(lane.now) == LaneGate::kNever);
  CHECK(lane.gate.state(lane.now) == GateState::Paused);
  lane.gate.resume();
  CHECK(lane.start());
}

TEST_CASE("a person's look at the destination closes the breaker and ends every wait") {
  Lane lane;
  lane.fail(3);
  lane.gate.forgive();
  CHECK(lane.startAll() == 8);
}

TEST_CASE("five deliveries given up in a row are an error, and only one that is taken ends it") {
  Lane lane;
  for (int i = 0; i < 4; ++i) CHECK_FALSE(lane.gate.died(lane.now, 0.5));
  CHECK(lane.gate.state(lane.now) == GateState::Flowing);
  CHECK(lane.gate.died(lane.now, 0.5));
  CHECK_FALSE(lane.gate.died(lane.now, 0.5));  // told once
  CHECK(lane.gate.state(lane.now) == GateState::Error);
  CHECK(lane.startAll() == 0);
  lane.pass(5'000);
  CHECK(lane.startAll() == 1);  // a probe
  lane.end(GateSign::Refused);
  CHECK(lane.gate.inError());
  lane.pass(9'999);
  CHECK(lane.startAll() == 0);
  lane.pass(1);
  CHECK(lane.startAll() == 1);
  lane.end(GateSign::Healthy);
  CHECK_FALSE(lane.gate.inError());
  CHECK(lane.startAll() > 0);
}

TEST_CASE("a delivery that is taken starts the count of those given up again") {
  Lane lane;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4; ++i) CHECK_FALSE(lane.gate.died(lane.now, 0.5));
    REQUIRE(lane.start());
    lane.end(GateSign::Healthy);
  }
  CHECK_FALSE(lane.gate.inError());
}

TEST_CASE("an error known before a restart lets one probe go at once") {
  Lane lane;
  lane.gate.suspend(lane.now);
  CHECK(lane.gate.state(lane.now) == GateState::Error);
  CHECK(lane.startAll() == 1);
  lane.end(GateSign::Failing);
  CHECK(lane.startAll() == 0);
  lane.gate.forgive();
  CHECK(lane.gate.state(lane.now) == GateState::Flowing);
}
