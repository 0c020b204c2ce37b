// Lists, pages, documents and tokens.
#include <map>
#include <set>

#include "store_house.h"

namespace junctor::testing {
namespace {

TEST_CASE("events are listed newest first, page by page, each once") {
  StoreHouse house;
  std::vector<EventId> made;
  for (int i = 0; i < 23; ++i) made.push_back(house.deliver("d-" + std::to_string(i)).event_id);
  house.deliver("other", "globex");

  std::vector<EventId> seen;
  store::EventQuery query{.tenant = "acme", .limit = 5};
  size_t pages = 0;
  do {
    const auto page = house.store->listEvents(query);
    REQUIRE(page);
    for (const Event& event : page->items) seen.push_back(event.id);
    query.cursor = page->next_cursor;
    ++pages;
  } while (!query.cursor.empty());
  CHECK(pages == 5);
  CHECK(seen == std::vector<EventId>(made.rbegin(), made.rend()));
}

TEST_CASE("paging has no gaps and no repeats while writes go on") {
  StoreHouse house;
  std::set<EventId> before;
  for (int i = 0; i < 60; ++i) before.insert(house.deliver("d-" + std::to_string(i)).event_id);
  std::vector<EventId> seen;
  store::EventQuery query{.tenant = "acme", .limit = 7};
  int more = 0;
  do {
    const auto page = house.store->listEvents(query);
    REQUIRE(page);
    for (const Event& event : page->items) seen.push_back(event.id);
    query.cursor = page->next_cursor;
    house.deliver("new-" + std::to_string(more++));
  } while (!query.cursor.empty());
  CHECK(std::set<EventId>(seen.begin(), seen.end()) == before);
  CHECK(seen.size() == before.size());
}

// Engines may index in lumps, and workers finish requests in any order.
TEST_CASE("lists are complete however late an older row arrives") {
  StoreHouse house;
  const std::vector<std::string> tenants = {"acme", "globex", "initech"};
  std::map<std::string, std::vector<EventId>> events;
  std::map<std::string, std::vector<DeliveryId>> deliveries;
  std::vector<store::FlowOutcome> outcomes;
  for (int i = 0; i < 6'000; ++i) {
    const std::string& tenant = tenants[i % 20 == 0 ? 0 : 1 + i % 2];
    const auto raw = house.request("d-" + std::to_string(i), "{}", tenant);
    house.store->append(raw, nullptr);
    const Event event = StoreHouse::eventOf(*raw);
    const Delivery delivery = house.deliveryOf(event);
    events[tenant].insert(events[tenant].begin(), event.id);
    deliveries[tenant].insert(deliveries[tenant].begin(), delivery.id);
    outcomes.push_back({raw->id, {event}, {delivery}});
    if (i % 3'000 == 2'999) house.store->flush();
  }
  std::swap(outcomes[7], outcomes[5'900]);
  std::swap(outcomes[40], outcomes[3'000]);
  std::swap(outcomes[41], outcomes[5'999]);
  for (size_t i = 0; i < outcomes.size(); ++i) {
    house.store->finish(outcomes[i], nullptr);
    if (i == 4'000) {
      house.store->flush();
      house.reopen();
    }
  }
  house.store->flush();
  for (const std::string& tenant : tenants) {
    INFO(tenant);
    std::vector<EventId> listed;
    store::EventQuery query{.tenant = tenant, .limit = 250};
    do {
      const auto page = house.store->listEvents(query);
      REQUIRE(page);
      for (const Event& event : page->items) listed.push_back(event.id);
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    CHECK(listed == events[tenant]);

    std::vector<DeliveryId> planned;
    store::DeliveryQuery asked{.tenant = tenant, .limit = 250};
    do {
      const auto page = house.store->listDeliveries(asked);
      REQUIRE(page);
      for (const Delivery& delivery : page->items) planned.push_back(delivery.id);
      asked.cursor = page->next_cursor;
    } while (!asked.cursor.empty());
    CHECK(planned == deliveries[tenant]);
  }
}

TEST_CASE("a page that ends with the list has no next page") {
  StoreHouse house;
  for (int i = 0; i < 4; ++i) house.deliver("d-" + std::to_string(i));
  CHECK(house.store->listEvents({.tenant = "acme", .limit = 4})->next_cursor.empty());
  CHECK_FALSE(house.store->listEvents({.tenant = "acme", .limit = 3})->next_cursor.empty());
  CHECK(house.store->listDeliveries({.tenant = "acme", .limit = 4})->next_cursor.empty());
}

TEST_CASE("a cursor that was not given out is refused") {
  StoreHouse house;
  for (const std::string cursor : {"x", "12x", "-3", " 1", "99999999999999999999999"}) {
    CHECK(house.store->listEvents({.tenant = "acme", .cursor = cursor}).error().code ==
          ErrorCode::InvalidArgument);
    CHECK(house.store->listDeliveries({.tenant = "acme", .cursor = cursor}).error().code ==
          ErrorCode::InvalidArgument);
  }
}

TEST_CASE("events are filtered by type, glob, source, integration and time") {
  StoreHouse house;
  const int64_t start = house.clock.unixMs();
  house.deliver("1", "acme", "pull_request.opened");
  house.clock.pass(std::chrono::hours(1));
  house.deliver("2", "acme", "pull_request.closed");
  house.clock.pass(std::chrono::hours(1));
  house.deliver("3", "acme", "push");
  house.deliver("4", "globex", "push");

  const auto count = [&](store::EventQuery query) {
    const auto page = house.store->listEvents(query);
    REQUIRE(page);
    return page->items.size();
  };
  CHECK(count({}) == 4);
  CHECK(count({.tenant = "acme"}) == 3);
  CHECK(count({.tenant = "acme", .type = "push"}) == 1);
  CHECK(count({.tenant = "acme", .type = "pull_request.*"}) == 2);
  CHECK(count({.tenant = "acme", .type = "pull_request"}) == 0);
  CHECK(count({.tenant = "acme", .source = "github"}) == 3);
  CHECK(count({.tenant = "acme", .source = "stripe"}) == 0);
  CHECK(count({.integration = "globex-hub"}) == 1);
  CHECK(count({.tenant = "acme", .integration = "globex-hub"}) == 0);
  const int64_t hour = 3'600'000;
  CHECK(count({.tenant = "acme", .since_ms = start + 1}) == 2);
  CHECK(count({.tenant = "acme", .until_ms = start + hour}) == 2);
  CHECK(count({.tenant = "acme", .since_ms = start + hour, .until_ms = start + hour}) == 1);
}

TEST_CASE("deliveries are filtered by event, state and destination") {
  StoreHouse house;
  const Delivery one = house.deliver("1");
  const Delivery two = house.deliver("2");
  const Delivery far = house.deliver("3", "globex");
  REQUIRE(house.record(house.attemptOf(one, 1, DeliveryState::Dead)));
  REQUIRE(house.record(house.attemptOf(far, 1, DeliveryState::Dead)));
  const Delivery parked = house.deliver("4", "initech");
  REQUIRE(house.setState(parked, DeliveryState::Waiting));

  const auto ids = [&](store::DeliveryQuery query) {
    const auto page = house.store->listDeliveries(query);
    REQUIRE(page);
    std::vector<DeliveryId> found;
    for (const Delivery& delivery : page->items) found.push_back(delivery.id);
    return found;
  };
  using Ids = std::vector<DeliveryId>;
  const auto dead = DeliveryState::Dead;
  CHECK(ids({}) == Ids{parked.id, far.id, two.id, one.id});
  CHECK(ids({.tenant = "acme"}) == Ids{two.id, one.id});
  CHECK(ids({.state = dead}) == Ids{far.id, one.id});
  CHECK(ids({.tenant = "acme", .state = dead}) == Ids{one.id});
  const auto waiting = DeliveryState::Waiting;
  CHECK(ids({.state = waiting}) == Ids{parked.id});
  CHECK(ids({.tenant = "initech", .state = waiting}) == Ids{parked.id});
  CHECK(ids({.tenant = "acme", .state = waiting}).empty());
  CHECK(ids({.tenant = "acme", .state = DeliveryState::Pending}) == Ids{two.id});
  CHECK(ids({.tenant = "acme", .event_id = two.event_id}) == Ids{two.id});
  CHECK(ids({.event_id = one.event_id, .state = dead}) == Ids{one.id});
  CHECK(ids({.tenant = "acme", .event_id = far.event_id}).empty());
  CHECK(ids({.tenant = "acme", .destination = "agent"}).size() == 2);
  CHECK(ids({.tenant = "acme", .destination = "nowhere"}).empty());
  CHECK(ids({.tenant = "acme", .limit = 1}) == Ids{two.id});
}

TEST_CASE("documents are put, replaced, listed by key and removed") {
  StoreHouse house;
  REQUIRE(house.store->putDocument("rule", "b", "1"));
  REQUIRE(house.store->putDocument("rule", "a", "2"));
  REQUIRE(house.store->putDocument("mapping", "a", "3"));
  REQUIRE(house.store->putDocument("rule", "b", "4"));
  using Documents = std::vector<std::pair<std::string, std::string>>;
  CHECK(*house.store->documents("rule") == Documents{{"a", "2"}, {"b", "4"}});
  house.reopen();
  CHECK(*house.store->documents("rule") == Documents{{"a", "2"}, {"b", "4"}});
  REQUIRE(house.store->removeDocument("rule", "a"));
  CHECK(*house.store->documents("rule") == Documents{{"b", "4"}});
  CHECK(house.store->removeDocument("rule", "a").error().code == ErrorCode::NotFound);
  CHECK(house.store->putDocument("rule", "", "x").error().code == ErrorCode::InvalidArgument);
}

TEST_CASE("tokens are found by their hash alone") {
  StoreHouse house;
  const store::Token owner{"t1", std::string(64, 'a'), "", "owner", 5, 0};
  const store::Token viewer{"t2", std::string(64, 'b'), "acme", "viewer", 6, 99};
  REQUIRE(house.store->putToken(owner));
  REQUIRE(house.store->putToken(viewer));
  house.reopen();
  const auto found = house.store->findToken(viewer.sha256_hex);
  REQUIRE(found);
  REQUIRE(*found);
  CHECK((*found)->id == "t2");
  CHECK((*found)->tenant == "acme");
  CHECK((*found)->role == "viewer");
  CHECK((*found)->created_at_ms == 6);
  CHECK((*found)->expires_at_ms == 99);
  CHECK_FALSE(*house.store->findToken(std::string(64, 'c')));
  CHECK(house.store->tokens()->size() == 2);
  REQUIRE(house.store->removeToken("t1"));
  CHECK_FALSE(*house.store->findToken(owner.sha256_hex));
  CHECK(house.store->removeToken("t1").error().code == ErrorCode::NotFound);
  // Two tokens with one hash would be one secret with two rights.
  store::Token twin = viewer;
  twin.id = "t3";
  CHECK(house.store->putToken(twin).error().code == ErrorCode::AlreadyExists);
}

}  // namespace
}  // namespace junctor::testing
