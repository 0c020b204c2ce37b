// Deliveries with an order key: one after another, whatever becomes of each.
#include <map>

#include "base/random.h"
#include "store_house.h"

namespace junctor::testing {
namespace {

using S = DeliveryState;

struct OrderHouse : StoreHouse {
  Delivery ordered(const std::string& key, const std::string& destination = "agent",
                   const std::string& tenant = "acme") {
    const auto raw = request("d-" + std::to_string(++made_), "{}", tenant);
    REQUIRE(append(raw));
    const Event event = eventOf(*raw);
    Delivery delivery = deliveryOf(event, destination);
    delivery.order_key = key;
    REQUIRE(finish({raw->id, {event}, {delivery}}));
    return delivery;
  }
  std::vector<DeliveryId> due() {
    std::vector<DeliveryId> out;
    REQUIRE(store->due(clock.unixMs(), "", [&](const Delivery& delivery) {
      out.push_back(delivery.id);
      return store::DueStep::Next;
    }));
    return out;
  }
  void end(const Delivery& delivery, S state) {
    REQUIRE(record(attemptOf(delivery, stored(delivery).attempts + 1, state)));
  }
  int made_ = 0;
};
using Ids = std::vector<DeliveryId>;

TEST_CASE("of one order key only the first is due, and its end makes the next due") {
  OrderHouse house;
  const Delivery first = house.ordered("k"), second = house.ordered("k"),
                 third = house.ordered("k");
  CHECK(house.due() == Ids{first.id});
  house.end(first, S::Delivered);
  CHECK(house.due() == Ids{second.id});
  house.end(second, S::Dead);
  CHECK(house.due() == Ids{third.id});
}

TEST_CASE("a failed attempt keeps the others of its key waiting, also over a restart") {
  OrderHouse house;
  const Delivery first = house.ordered("k"), second = house.ordered("k");
  house.end(first, S::Pending);
  CHECK(house.due().empty());
  house.reopen();
  CHECK(house.due().empty());
  house.clock.pass(std::chrono::seconds(10));
  CHECK(house.due() == Ids{first.id});
  house.end(first, S::Delivered);
  CHECK(house.due() == Ids{second.id});
}

TEST_CASE("other keys, destinations and tenants do not wait, nor does what has no key") {
  OrderHouse house;
  const Delivery slow = house.ordered("k");
  const Delivery key = house.ordered("l"), place = house.ordered("k", "other");
  const Delivery tenant = house.ordered("k", "agent", "globex"), free = house.ordered("");
  const auto due = house.due();
  CHECK(due.size() == 5);
}

TEST_CASE("one that a person gives up, or that waits for its destination, keeps the order") {
  OrderHouse house;
  const Delivery first = house.ordered("k"), second = house.ordered("k"),
                 third = house.ordered("k");
  REQUIRE(house.setState(first, S::Waiting));
  CHECK(house.due().empty());
  REQUIRE(house.setState(first, S::Pending, house.clock.unixMs()));
  CHECK(house.due() == Ids{first.id});
  REQUIRE(house.setState(first, S::Discarded));
  CHECK(house.due() == Ids{second.id});
  REQUIRE(house.setState(third, S::Discarded));  // from the middle of the queue
  house.end(second, S::Delivered);
  CHECK(house.due().empty());
}

TEST_CASE("a dead one that is sent again goes before those that still wait") {
  OrderHouse house;
  const Delivery first = house.ordered("k"), second = house.ordered("k"),
                 third = house.ordered("k");
  house.end(first, S::Dead);
  REQUIRE(house.setState(first, S::Pending, house.clock.unixMs()));
  house.end(second, S::Delivered);
  CHECK(house.due() == Ids{first.id});
  house.end(first, S::Delivered);
  CHECK(house.due() == Ids{third.id});
}

TEST_CASE("however attempts end, no key ever has two due and none is forgotten") {
  OrderHouse house;
  SeededRandom random(7);
  std::map<DeliveryId, Delivery> open;
  std::map<std::string, DeliveryId> last_done;
  for (int step = 0; step < 600; ++step) {
    if (step < 300) {
      const Delivery made = house.ordered("k" + std::to_string(random.next() % 5));
      open.emplace(made.id, made);
    }
    std::map<std::string, int> per_key;
    for (const DeliveryId id : house.due()) {
      const Delivery delivery = open.at(id);
      REQUIRE(++per_key[delivery.order_key] == 1);
      const uint64_t dice = random.next() % 10;
      const S state = dice < 6 ? S::Delivered : dice < 7 ? S::Dead : S::Pending;
      house.end(delivery, state);
      if (state == S::Pending) continue;
      const auto before = last_done.find(delivery.order_key);
      if (before != last_done.end()) CHECK(before->second.orderKey() < id.orderKey());
      last_done.insert_or_assign(delivery.order_key, id);
      open.erase(id);
    }
    house.clock.pass(std::chrono::seconds(6));
  }
  CHECK(open.empty());
}

}  // namespace
}  // namespace junctor::testing
