// Steps of durable flows: remembered by their key, final once finished, gone with nothing but the
// delivery.
#include "store_house.h"

namespace junctor::testing {
namespace {

using S = DeliveryState;

Step stepOf(const std::string& key, StepState state, const std::string& result = "") {
  Step step;
  step.key = key;
  step.kind = "call";
  step.target = "crm";
  step.digest = "d1";
  step.state = state;
  step.tries = 1;
  step.started_at_ms = 100;
  step.ended_at_ms = isFinished(state) ? 200 : 0;
  step.due_at_ms = 300;
  step.result_json = result;
  return step;
}

Result<void> put(StoreHouse& house, DeliveryId id, std::vector<Step> steps,
                 std::optional<int64_t> next_at_ms = {}) {
  return StoreHouse::wait<void>(
      [&](auto done) { house.store->putSteps(id, std::move(steps), next_at_ms, std::move(done)); });
}

TEST_CASE("a step is read back as it was put, after a restart too") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1");
  Step step = stepOf("3.mood.1", StepState::Done, R"({"n":9007199254740993})");
  step.error = "the first try failed";
  REQUIRE(put(house, delivery.id, {step}));
  house.reopen();
  const auto steps = house.store->listSteps(delivery.id);
  REQUIRE(steps);
  REQUIRE(steps->size() == 1);
  const Step& read = steps->front();
  CHECK(read.key == "3.mood.1");
  CHECK(read.kind == "call");
  CHECK(read.target == "crm");
  CHECK(read.digest == "d1");
  CHECK(read.state == StepState::Done);
  CHECK(read.tries == 1);
  CHECK(read.started_at_ms == 100);
  CHECK(read.ended_at_ms == 200);
  CHECK(read.due_at_ms == 300);
  CHECK(read.result_json == R"({"n":9007199254740993})");
  CHECK(read.error == "the first try failed");
}

TEST_CASE("steps are listed by their start, then by key") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1");
  Step late = stepOf("1", StepState::Open);
  late.started_at_ms = 500;
  REQUIRE(
      put(house, delivery.id, {late, stepOf("3", StepState::Done), stepOf("2", StepState::Done)}));
  const auto steps = house.store->listSteps(delivery.id);
  REQUIRE(steps);
  std::string order;
  for (const Step& step : *steps) order += step.key;
  CHECK(order == "231");
}

TEST_CASE("an unfinished step may change, a finished one never does") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1");
  REQUIRE(put(house, delivery.id, {stepOf("1", StepState::Open)}));
  REQUIRE(put(house, delivery.id, {stepOf("1", StepState::Done, "1")}));
  for (const StepState last : {StepState::Open, StepState::Waiting, StepState::Done}) {
    const auto again =
        put(house, delivery.id, {stepOf("2", StepState::Done), stepOf("1", last, "2")},
            house.clock.unixMs() + 5'000);
    CHECK(again.error().code == ErrorCode::AlreadyExists);
  }
  const auto steps = house.store->listSteps(delivery.id);
  REQUIRE(steps->size() == 1);  // nothing of what was refused
  CHECK(steps->front().result_json == "1");
  CHECK(house.stored(delivery).next_at_ms == delivery.next_at_ms);
}

TEST_CASE("steps move the due time of their delivery and spend no attempt") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1");
  const int64_t later = house.clock.unixMs() + 60'000;
  REQUIRE(put(house, delivery.id, {stepOf("1", StepState::Waiting)}, later));
  CHECK(house.stored(delivery).next_at_ms == later);
  CHECK(house.stored(delivery).attempts == 0);
  CHECK(house.stored(delivery).state == S::Pending);
  REQUIRE(put(house, delivery.id, {}, later + 1));
  CHECK(house.stored(delivery).next_at_ms == later + 1);
  REQUIRE(house.record(house.attemptOf(delivery, 1, S::Delivered)));
}

TEST_CASE("a delivery that is not pending takes no steps, and keeps those it has") {
  for (const S end : {S::Delivered, S::Dead}) {
    StoreHouse house;
    const Delivery delivery = house.deliver("d-1");
    REQUIRE(put(house, delivery.id, {stepOf("1", StepState::Done)}));
    REQUIRE(house.record(house.attemptOf(delivery, 1, end)));
    CHECK(put(house, delivery.id, {stepOf("2", StepState::Done)}).error().code ==
          ErrorCode::InvalidArgument);
    CHECK(house.store->listSteps(delivery.id)->size() == 1);
  }
  StoreHouse house;
  CHECK(put(house, house.ids.nextDelivery(), {}).error().code == ErrorCode::NotFound);
}

TEST_CASE("a redriven dead letter goes on with the steps it has") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1");
  REQUIRE(put(house, delivery.id, {stepOf("1", StepState::Done), stepOf("2", StepState::Open)}));
  REQUIRE(house.record(house.attemptOf(delivery, 1, S::Dead)));
  REQUIRE(house.setState(delivery, S::Pending, house.clock.unixMs()));
  CHECK(house.store->listSteps(delivery.id)->size() == 2);
  REQUIRE(put(house, delivery.id, {stepOf("2", StepState::Done)}));
}

TEST_CASE("the waits of open deliveries are found, others are not") {
  StoreHouse house;
  const Delivery waits = house.deliver("d-1");
  const Delivery ended = house.deliver("d-2");
  const Delivery sleeps = house.deliver("d-3", "other");
  Step wait = stepOf("2", StepState::Waiting, R"({"type":"a.*"})");
  wait.kind = "wait";
  Step sleep = stepOf("1", StepState::Waiting);
  sleep.kind = "sleep";
  REQUIRE(put(house, waits.id, {wait, stepOf("1", StepState::Done)}));
  REQUIRE(put(house, ended.id, {wait}));
  REQUIRE(put(house, sleeps.id, {sleep}));
  REQUIRE(house.setState(ended, S::Discarded));
  house.reopen();
  const auto found = house.store->waitingSteps();
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(found->front().delivery_id == waits.id);
  CHECK(found->front().tenant == "acme");
  CHECK(found->front().step.key == "2");
  CHECK(found->front().step.result_json == R"({"type":"a.*"})");
  wait.state = StepState::Done;
  REQUIRE(put(house, waits.id, {wait}));
  CHECK(house.store->waitingSteps()->empty());
}

TEST_CASE("steps of a delivery whose id only looks alike are not shown") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1");
  REQUIRE(put(house, delivery.id, {stepOf("1", StepState::Done)}));
  DeliveryId stranger = delivery.id;
  stranger.uuid.lo ^= 1;
  CHECK(house.store->listSteps(stranger)->empty());
  CHECK(put(house, stranger, {stepOf("2", StepState::Done)}).error().code == ErrorCode::NotFound);
}

}  // namespace
}  // namespace junctor::testing
