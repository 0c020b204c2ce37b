// What replays, dead letter lists and the ledger ask: causes, order, counts, priorities, the check.
#include <map>
#include <set>

#include "store_house.h"

namespace junctor::testing {
namespace {

Delivery deadOf(StoreHouse& house, const std::string& key, const std::string& destination,
                const std::string& reason, const std::string& tenant = "acme") {
  const auto raw = house.request(key, "{}", tenant);
  REQUIRE(house.append(raw));
  const Event event = StoreHouse::eventOf(*raw);
  Delivery delivery = house.deliveryOf(event, destination);
  REQUIRE(house.finish({raw->id, {event}, {delivery}}));
  auto record = house.attemptOf(delivery, 1, DeliveryState::Dead);
  record.reason = reason;
  record.cause = delivery.cause = causeOf(delivery, reason);
  REQUIRE(house.record(record));
  return delivery;
}

std::vector<std::string> sortedIds(const std::vector<Delivery>& deliveries) {
  std::vector<std::string> ids;
  for (const Delivery& delivery : deliveries) ids.push_back(delivery.id.text());
  return ids;
}

TEST_CASE("dead letters are grouped by their cause, the most frequent first") {
  StoreHouse house;
  for (int i = 0; i < 3; ++i) {
    deadOf(house, "a" + std::to_string(i), "crm",
           "attempts-exhausted: the receiver answered 50" + std::to_string(i));
  }
  const Delivery other = deadOf(house, "b", "agent", "http-410");
  deadOf(house, "c", "crm", "attempts-exhausted: the receiver answered 503", "globex");
  const auto causes = house.store->deadCauses("acme", 10);
  REQUIRE(causes);
  REQUIRE(causes->size() == 2);
  CHECK(causes->at(0).count == 3);
  CHECK(causes->at(0).newest.destination == "crm");
  CHECK(causes->at(1).count == 1);
  CHECK(causes->at(1).cause == other.cause);
  CHECK(causes->at(1).newest.id == other.id);
  CHECK(house.store->deadCauses("acme", 1)->size() == 1);
  CHECK(house.store->deadCauses("nobody", 10)->empty());
}

TEST_CASE("a cause is listed, counted, and forgotten by what lives again") {
  StoreHouse house;
  const Delivery first = deadOf(house, "a", "crm", "http-410");
  const Delivery second = deadOf(house, "b", "crm", "http-410");
  deadOf(house, "c", "crm", "address-refused: x");
  store::DeliveryQuery query{.tenant = "acme", .state = DeliveryState::Dead, .cause = first.cause};
  CHECK(sortedIds(house.store->listDeliveries(query)->items) == sortedIds({second, first}));
  query.oldest_first = true;
  CHECK(sortedIds(house.store->listDeliveries(query)->items) == sortedIds({first, second}));
  CHECK(*house.store->countDeliveries(query) == 2);
  REQUIRE(house.setState(first, DeliveryState::Pending));
  CHECK(*house.store->countDeliveries(query) == 1);
  CHECK(house.stored(first).cause == 0);
}

TEST_CASE("dead letters are filtered by destination, integration, rule version and time") {
  StoreHouse house;
  const Delivery first = deadOf(house, "a", "crm", "http-410");
  house.clock.pass(std::chrono::hours(1));
  const Delivery second = deadOf(house, "b", "agent", "http-410");
  const auto count = [&](store::DeliveryQuery query) {
    query.tenant = "acme";
    query.state = DeliveryState::Dead;
    const auto listed = house.store->listDeliveries(query);
    REQUIRE(listed);
    CHECK(*house.store->countDeliveries(query) == static_cast<int64_t>(listed->items.size()));
    return listed->items.size();
  };
  CHECK(count({}) == 2);
  CHECK(count({.destination = "crm"}) == 1);
  CHECK(count({.destination = "gone"}) == 0);
  CHECK(count({.integration = "acme-hub"}) == 2);
  CHECK(count({.integration = "other"}) == 0);
  CHECK(count({.rule_version = first.rule_version}) == 2);
  CHECK(count({.rule_version = "main@ffffffffffff"}) == 0);
  CHECK(count({.since_ms = second.created_at_ms}) == 1);
  CHECK(count({.until_ms = first.created_at_ms}) == 1);
}

TEST_CASE("pages go from the oldest to the newest too, each once, while more comes") {
  StoreHouse house;
  std::vector<EventId> made;
  for (int i = 0; i < 30; ++i) made.push_back(house.deliver("d-" + std::to_string(i)).event_id);
  house.deliver("other", "globex");
  std::vector<EventId> seen;
  store::EventQuery query{.tenant = "acme", .oldest_first = true, .limit = 7};
  int more = 0;
  do {
    const auto page = house.store->listEvents(query);
    REQUIRE(page);
    for (const Event& event : page->items) seen.push_back(event.id);
    query.cursor = page->next_cursor;
    if (more < 3) made.push_back(house.deliver("new-" + std::to_string(more++)).event_id);
  } while (!query.cursor.empty());
  CHECK(seen == made);
  CHECK(*house.store->countEvents({.tenant = "acme"}) == 33);
}

TEST_CASE("events are found by the version of a script that was applied") {
  StoreHouse house;
  for (const std::string rules :
       {"main@0123456789ab other@ffffffffffff", "main@aaaaaaaaaaaa", ""}) {
    const auto raw = house.request("d-" + rules);
    REQUIRE(house.append(raw));
    Event event = StoreHouse::eventOf(*raw);
    event.rules = rules;
    REQUIRE(house.finish({raw->id, {event}, {house.deliveryOf(event)}}));
  }
  const auto count = [&](const std::string& rules) {
    store::EventQuery query{.tenant = "acme"};
    query.rules = rules;
    return *house.store->countEvents(query);
  };
  CHECK(count("main@0123456789ab") == 1);
  CHECK(count("main@") == 2);
  CHECK(count("other@ffffffffffff") == 1);
  CHECK(count("main@bbbbbbbbbbbb") == 0);
}

TEST_CASE("a note is put with its outcome, or not at all") {
  StoreHouse house;
  const auto raw = house.request("d-1");
  REQUIRE(house.append(raw));
  const Event event = StoreHouse::eventOf(*raw);
  store::FlowOutcome outcome{raw->id, {event}, {house.deliveryOf(event)}};
  outcome.note = store::Document{"replay", "acme/1", "{\"at\":1}"};
  REQUIRE(house.finish(outcome));
  CHECK(house.store->documents("replay")->at(0).second == "{\"at\":1}");
  outcome.note->json = "{\"at\":2}";
  CHECK_FALSE(house.finish(outcome));  // it is not on the inbox any more
  CHECK(house.store->documents("replay")->at(0).second == "{\"at\":1}");
  outcome.again = true;
  outcome.deliveries = {house.deliveryOf(event)};
  REQUIRE(house.finish(outcome));
  CHECK(house.store->documents("replay")->at(0).second == "{\"at\":2}");
}

TEST_CASE("what is urgent is offered as a lane of its own, and what runs again as bulk") {
  StoreHouse house;
  const auto raw = house.request("d-1");
  REQUIRE(house.append(raw));
  const Event event = StoreHouse::eventOf(*raw);
  Delivery urgent = house.deliveryOf(event), normal = house.deliveryOf(event);
  urgent.priority = Priority::Urgent;
  urgent.latest_only = true;
  Delivery again = deadOf(house, "d-2", "agent", "http-410");
  REQUIRE(house.finish({raw->id, {event}, {urgent, normal}}));
  REQUIRE(house.setState(again, DeliveryState::Pending));
  std::vector<Priority> offered;
  REQUIRE(house.store->due(house.clock.unixMs(), "", [&](const Delivery& delivery) {
    offered.push_back(delivery.priority);
    return store::DueStep::NextLane;
  }));
  CHECK(offered == std::vector<Priority>{Priority::Urgent, Priority::Normal, Priority::Bulk});
  CHECK(house.stored(urgent).latest_only);
  CHECK_FALSE(house.stored(normal).latest_only);
}

TEST_CASE("a pending delivery may be filtered, and a plan may hold what is discarded at once") {
  StoreHouse house;
  const Delivery late = house.deliver("d-1");
  REQUIRE(house.setState(late, DeliveryState::Filtered, 0, "stale"));
  CHECK(house.stored(late).state == DeliveryState::Filtered);
  const auto raw = house.request("d-2");
  REQUIRE(house.append(raw));
  const Event event = StoreHouse::eventOf(*raw);
  Delivery dropped = house.deliveryOf(event);
  dropped.state = DeliveryState::Discarded;
  dropped.reason = "cap";
  REQUIRE(house.finish({raw->id, {event}, {dropped}}));
  CHECK(house.stored(dropped).reason == "cap");
  CHECK(house.store->ledger("acme")->missing() == 0);
}

// ---- the ledger

store::LedgerPass passOf(StoreHouse& house, size_t rows_max = 7) {
  store::LedgerPass pass;
  for (int step = 0; step < 1'000 && !pass.complete; ++step) {
    REQUIRE(house.store->checkLedger(pass, rows_max));
  }
  REQUIRE(pass.complete);
  return pass;
}

TEST_CASE("counters and rows agree through every change of state") {
  StoreHouse house;
  std::map<int, Delivery> made;
  for (int i = 0; i < 40; ++i) {
    made[i] = house.deliver("d-" + std::to_string(i), i % 3 == 0 ? "globex" : "acme");
    if (i == 20) house.clock.pass(std::chrono::minutes(5));  // older rows are settled
  }
  REQUIRE(house.append(house.request("unfinished")));
  for (int i = 0; i < 40; ++i) {
    const DeliveryState to[] = {DeliveryState::Delivered, DeliveryState::Dead,
                                DeliveryState::Pending, DeliveryState::Waiting};
    REQUIRE(house.record(house.attemptOf(made[i], 1, to[i % 4])));
  }
  REQUIRE(house.setState(made[1], DeliveryState::Pending));
  REQUIRE(house.setState(made[5], DeliveryState::Discarded));
  REQUIRE(house.setState(made[2], DeliveryState::Filtered));
  for (const size_t rows : {1, 7, 1'000}) {
    const auto pass = passOf(house, rows);
    for (const auto& one : pass.found) FAIL_CHECK(one.tenant + ": " + one.what);
  }
  const auto ledgers = house.store->ledgers();
  REQUIRE(ledgers);
  CHECK(ledgers->at("acme").accepted + ledgers->at("globex").accepted == 40);
  CHECK(ledgers->at("acme").missing() == 0);
  CHECK(house.store->ledger("")->accepted == 40);
}

TEST_CASE("a pass may go on after it was complete, and finds what came since") {
  StoreHouse house;
  for (int i = 0; i < 5; ++i) house.deliver("d-" + std::to_string(i));
  auto pass = passOf(house);
  house.clock.pass(std::chrono::minutes(5));
  for (int i = 5; i < 9; ++i) house.deliver("d-" + std::to_string(i));
  pass.complete = false;
  for (int step = 0; step < 100 && !pass.complete; ++step) {
    REQUIRE(house.store->checkLedger(pass, 2));
  }
  CHECK(pass.complete);
  CHECK(pass.found.empty());
}

}  // namespace
}  // namespace junctor::testing
