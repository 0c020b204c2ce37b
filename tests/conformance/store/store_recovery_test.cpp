// What a restart finds, who may open, and what waits for work.
#include <set>

#include "base/limits.h"
#include "store_house.h"

namespace junctor::testing {
namespace {

using store::DueStep;
using Ids = std::vector<DeliveryId>;

TEST_CASE("the inbox after a restart holds what the flow had not finished, oldest first") {
  StoreHouse house;
  std::vector<RawRequestPtr> requests;
  for (int i = 0; i < 20; ++i) {
    requests.push_back(house.request("d-" + std::to_string(i), "body " + std::to_string(i)));
    REQUIRE(house.append(requests.back()));
  }
  for (int i = 0; i < 20; i += 2) {
    REQUIRE(house.finish({requests[i]->id, {StoreHouse::eventOf(*requests[i])}, {}}));
  }
  house.reopen();
  const auto inbox = house.store->inbox(100, limits::kWindowBytesMax, nullptr);
  REQUIRE(inbox);
  REQUIRE(inbox->size() == 10);
  for (int i = 0; i < 10; ++i) {
    CHECK((*inbox)[i]->id == requests[2 * i + 1]->id);
    CHECK((*inbox)[i]->body == requests[2 * i + 1]->body);
    CHECK((*inbox)[i]->headers == requests[2 * i + 1]->headers);
  }
}

TEST_CASE("the inbox leaves out what is being worked on and respects the limit") {
  StoreHouse house;
  std::vector<EventId> ids;
  for (int i = 0; i < 10; ++i) {
    const auto raw = house.request("d-" + std::to_string(i));
    REQUIRE(house.append(raw));
    ids.push_back(raw->id);
  }
  const std::set<EventId> busy(ids.begin(), ids.begin() + 4);
  const auto inbox =
      house.store->inbox(3, limits::kWindowBytesMax, [&](EventId id) { return busy.contains(id); });
  REQUIRE(inbox);
  REQUIRE(inbox->size() == 3);
  CHECK(inbox->front()->id == ids[4]);
  CHECK(inbox->back()->id == ids[6]);
}

TEST_CASE("due deliveries come oldest due time first, after a restart too") {
  StoreHouse house;
  const int64_t now = house.clock.unixMs();
  std::vector<Delivery> made;
  for (int i = 0; i < 6; ++i) made.push_back(house.deliver("d-" + std::to_string(i)));
  // 0: delivered, 1: due in 5 s, 2: dead, 3..5: due now, but 5 earliest
  REQUIRE(house.record(house.attemptOf(made[0], 1, DeliveryState::Delivered)));
  REQUIRE(house.record(house.attemptOf(made[1], 1, DeliveryState::Pending)));
  REQUIRE(house.record(house.attemptOf(made[2], 1, DeliveryState::Dead)));
  auto early = house.attemptOf(made[5], 1, DeliveryState::Pending);
  early.next_at_ms = now - 100;
  REQUIRE(house.record(early));
  house.reopen();

  const auto dueAt = [&](int64_t at) {
    Ids found;
    const auto scan = house.store->due(at, "", [&](const Delivery& delivery) {
      found.push_back(delivery.id);
      return DueStep::Next;
    });
    REQUIRE(scan);
    CHECK(scan->stopped_at.empty());
    return std::make_pair(found, scan->next_due_ms);
  };
  CHECK(dueAt(now).first == Ids{made[5].id, made[3].id, made[4].id});
  CHECK(dueAt(now).second == now + 5'000);
  CHECK(dueAt(now + 5'000).first.size() == 4);
  CHECK(dueAt(now + 5'000).second == std::nullopt);
}

// Two deliveries for each of the destinations a, b, c, in this order.
Ids planForThree(StoreHouse& house) {
  const auto raw = house.request("d");
  REQUIRE(house.append(raw));
  store::FlowOutcome outcome{raw->id, {StoreHouse::eventOf(*raw)}, {}};
  Ids ids;
  for (const char* destination : {"a", "a", "b", "b", "c", "c"}) {
    outcome.deliveries.push_back(house.deliveryOf(outcome.events.front(), destination));
    ids.push_back(outcome.deliveries.back().id);
  }
  REQUIRE(house.finish(outcome));
  return ids;
}

TEST_CASE("a scan for due deliveries steps over the rest of a lane that takes no more") {
  StoreHouse house;
  const Ids made = planForThree(house);
  Ids seen;
  const auto scan = house.store->due(house.clock.unixMs(), "", [&](const Delivery& delivery) {
    seen.push_back(delivery.id);
    return delivery.destination == "b" ? DueStep::NextLane : DueStep::Next;
  });
  REQUIRE(scan);
  CHECK(seen == Ids{made[0], made[1], made[2], made[4], made[5]});
}

TEST_CASE("a scan for due deliveries goes on behind the lane where the last one stopped") {
  StoreHouse house;
  const Ids made = planForThree(house);
  const auto stopAtFirst = [&](const std::string& from) {
    DeliveryId seen;
    const auto scan = house.store->due(house.clock.unixMs(), from, [&](const Delivery& delivery) {
      seen = delivery.id;
      return DueStep::Stop;
    });
    REQUIRE(scan);
    return std::make_pair(seen, scan->stopped_at);
  };
  const auto [first, at_a] = stopAtFirst("");
  const auto [second, at_b] = stopAtFirst(at_a);
  const auto [third, at_c] = stopAtFirst(at_b);
  CHECK(Ids{first, second, third} == Ids{made[0], made[2], made[4]});
  CHECK(stopAtFirst(at_c).first == made[0]);  // once around

  Ids all;
  const auto scan = house.store->due(house.clock.unixMs(), at_b, [&](const Delivery& delivery) {
    all.push_back(delivery.id);
    return DueStep::Next;
  });
  REQUIRE(scan);
  CHECK(all == Ids{made[4], made[5], made[0], made[1], made[2], made[3]});
  CHECK(scan->stopped_at.empty());
}

TEST_CASE("ids go on above the highest stored one") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1");
  CHECK(house.store->highestOrderKey() == delivery.id.orderKey());
  house.reopen();
  CHECK(house.store->highestOrderKey() == delivery.id.orderKey());
}

TEST_CASE("a read-only store reads beside the owner and writes nothing") {
  StoreHouse house;
  const Delivery before = house.deliver("d-1");
  store::StoreOptions options;
  options.read_only = true;
  auto opened = openEngine(house.folder(), options, house.clock);
  REQUIRE(opened);
  store::Store& reader = **opened;
  CHECK(reader.loadEvent("acme", before.event_id));
  CHECK(reader.highestOrderKey() == before.id.orderKey());

  const Delivery after = house.deliver("d-2", "a-new-tenant");
  const auto seen = reader.loadDelivery("a-new-tenant", after.id);
  REQUIRE(seen);
  CHECK(seen->tenant == "a-new-tenant");
  CHECK(reader.listEvents({.tenant = "a-new-tenant"})->items.size() == 1);

  const auto refused = StoreHouse::wait<store::Appended>(
      [&](auto done) { reader.append(house.request("d-3"), std::move(done)); });
  CHECK(refused.error().code == ErrorCode::Unavailable);
  const auto record = StoreHouse::wait<void>([&](auto done) {
    reader.record(std::make_shared<const store::AttemptRecord>(
                      house.attemptOf(before, 1, DeliveryState::Delivered)),
                  std::move(done));
  });
  CHECK(record.error().code == ErrorCode::Unavailable);
  CHECK(reader.putDocument("a", "b", "c").error().code == ErrorCode::Unavailable);
  reader.flush();
}

TEST_CASE("reading only where nothing is stored makes no store") {
  TempFolder folder;
  ManualClock clock;
  store::StoreOptions options;
  options.read_only = true;
  const auto opened = openEngine(folder.path(), options, clock);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::NotFound);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("closing carries out what is queued") {
  StoreHouse house;
  std::atomic<int> stored = 0;
  for (int i = 0; i < 3'000; ++i) {
    house.store->append(house.request(""),
                        [&](Result<store::Appended> answer) { stored += answer ? 1 : 0; });
  }
  house.close();
  CHECK(stored == 3'000);
  house.open();
  CHECK(house.store->ledger("acme")->requests == 3'000);
}

TEST_CASE("an unknown location is refused with the ones there are") {
  ManualClock clock;
  CHECK(store::open("mysql://x", {}, clock).error().code == ErrorCode::InvalidArgument);
  CHECK(store::open("sqlite", {}, clock).error().code == ErrorCode::InvalidArgument);
  CHECK(store::open("postgres://u@h/d?no_such=1", {}, clock).error().code ==
        ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace junctor::testing
