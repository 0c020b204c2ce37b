// What holds for a store in a file of its own: one process has it, and its disk may fill up.
#include "store_house.h"

namespace junctor::testing {
namespace {

TEST_CASE("below the low-space mark new requests are refused at once and outcomes are not") {
  auto free = std::make_shared<std::atomic<uint64_t>>(10'000);
  store::StoreOptions options;
  options.low_space_bytes = 1'000;
  options.free_bytes = [free](const std::string&) -> Result<uint64_t> { return free->load(); };
  StoreHouse house(options);
  const auto raw = house.request("d-1");
  REQUIRE(house.append(raw));
  CHECK(house.store->health() == store::Health::Ok);

  *free = 999;
  house.clock.pass(std::chrono::seconds(2));
  const Event event = StoreHouse::eventOf(*raw);
  const Delivery delivery = house.deliveryOf(event);
  REQUIRE(house.finish({raw->id, {event}, {delivery}}));  // after it the writer looks
  house.store->flush();
  CHECK(house.store->health() == store::Health::LowSpace);
  bool answered = false;
  house.store->append(house.request("d-2"), [&](Result<store::Appended> answer) {
    answered = true;
    CHECK(answer.error().code == ErrorCode::Unavailable);
  });
  CHECK(answered);
  CHECK(house.record(house.attemptOf(delivery, 1, DeliveryState::Delivered)));

  *free = 1'000;
  house.clock.pass(std::chrono::seconds(2));
  REQUIRE(house.plan({house.deliveryOf(event)}));
  house.store->flush();
  CHECK(house.store->health() == store::Health::Ok);
  CHECK(house.append(house.request("d-2")));
}

TEST_CASE("a store that is open is not opened again, and the message names the owner") {
  StoreHouse house;
  const auto second = openEngine(house.folder(), {}, house.clock);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::Unavailable);
  CHECK(second.error().message.find(std::to_string(::getpid())) != std::string::npos);
  house.close();
  CHECK(openEngine(house.folder(), {}, house.clock));
}

}  // namespace
}  // namespace junctor::testing
