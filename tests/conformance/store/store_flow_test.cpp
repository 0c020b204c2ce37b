// What the flow stores: events and deliveries, in the transaction that empties the inbox.
#include "base/limits.h"
#include "store_house.h"

namespace junctor::testing {
namespace {

Event fullEvent(const RawRequest& request) {
  Event event = StoreHouse::eventOf(request, "pull_request.opened");
  event.source_event_id = "src-1";
  event.occurred_at_ms = 123'456'789;
  event.actor_json = R"({"login":"mona"})";
  event.resource = {"pull_request", "9007199254740993"};
  event.sequence = -5;
  event.data_json = R"({"kind":"ticket"})";
  event.payload_json = R"({"form":"as json"})";
  event.metadata_json = R"({"rule":"x"})";
  event.correlation_id = "corr";
  event.hops = 3;
  event.stale = true;
  return event;
}

TEST_CASE("an event comes back with all its fields and its request") {
  StoreHouse house;
  const auto raw = house.request("d-1", "body");
  REQUIRE(house.append(raw));
  const Event made = fullEvent(*raw);
  REQUIRE(house.finish({raw->id, {made}, {house.deliveryOf(made)}}));

  const auto loaded = house.store->loadEvent("acme", made.id);
  REQUIRE(loaded);
  const Event& back = (*loaded)->event;
  CHECK(back.id == made.id);
  CHECK(back.request_id == made.request_id);
  CHECK(back.tenant == made.tenant);
  CHECK(back.integration == made.integration);
  CHECK(back.source == made.source);
  CHECK(back.type == made.type);
  CHECK(back.source_event_id == made.source_event_id);
  CHECK(back.occurred_at_ms == made.occurred_at_ms);
  CHECK(back.received_at_ms == made.received_at_ms);
  CHECK(back.actor_json == made.actor_json);
  CHECK(back.resource.type == made.resource.type);
  CHECK(back.resource.id == made.resource.id);
  CHECK(back.sequence == made.sequence);
  CHECK(back.data_json == made.data_json);
  CHECK(back.payload_json == made.payload_json);
  CHECK(back.metadata_json == made.metadata_json);
  CHECK(back.correlation_id == made.correlation_id);
  CHECK(back.hops == made.hops);
  CHECK(back.stale == made.stale);
  CHECK((*loaded)->request->body == "body");
  CHECK((*loaded)->payload() == made.payload_json);
}

TEST_CASE("a delivery comes back with all its fields") {
  StoreHouse house;
  const auto raw = house.request("d-1");
  REQUIRE(house.append(raw));
  const Event event = StoreHouse::eventOf(*raw);
  Delivery made = house.deliveryOf(event, "");
  made.state = DeliveryState::Dead;
  made.reason = "rule-error: main:3";
  made.order_key = "customer-7";
  REQUIRE(house.finish({raw->id, {event}, {made}}));
  const Delivery back = house.stored(made);
  CHECK(back.id == made.id);
  CHECK(back.event_id == made.event_id);
  CHECK(back.tenant == made.tenant);
  CHECK(back.integration == made.integration);
  CHECK(back.destination.empty());
  CHECK(back.route == made.route);
  CHECK(back.rule_version == made.rule_version);
  CHECK(back.state == made.state);
  CHECK(back.attempts == 0);
  CHECK(back.next_at_ms == made.next_at_ms);
  CHECK(back.created_at_ms == made.created_at_ms);
  CHECK(back.reason == made.reason);
  CHECK(back.order_key == made.order_key);
}

TEST_CASE("a finished request is off the inbox and cannot be finished again") {
  StoreHouse house;
  const auto raw = house.request("d-1");
  REQUIRE(house.append(raw));
  CHECK(house.store->inbox(10, limits::kWindowBytesMax, nullptr)->size() == 1);
  const Event event = StoreHouse::eventOf(*raw);
  REQUIRE(house.finish({raw->id, {event}, {}}));
  CHECK(house.store->inbox(10, limits::kWindowBytesMax, nullptr)->empty());
  const auto again = house.finish({raw->id, {event}, {}});
  CHECK(again.error().code == ErrorCode::NotFound);
  CHECK(house.store->ledger("acme")->events == 1);
}

TEST_CASE("a parked request is nobody's work until its integration is unparked, oldest first") {
  StoreHouse house;
  std::vector<RawRequestPtr> raws;
  for (int i = 0; i < 5; ++i) {
    raws.push_back(house.request("d-" + std::to_string(i)));
    REQUIRE(house.append(raws.back()));
    store::FlowOutcome aside{raws.back()->id, {StoreHouse::eventOf(*raws.back())}, {}};
    aside.park = true;
    REQUIRE(house.finish(aside));
    CHECK(house.finish(aside).error().code == ErrorCode::NotFound);
  }
  house.reopen();
  CHECK(house.store->inbox(10, limits::kWindowBytesMax, nullptr)->empty());
  CHECK(house.store->parked()->at("acme-hub") == 5);
  CHECK(house.store->ledger("acme")->inbox == 5);
  CHECK(house.store->ledger("acme")->events == 0);
  CHECK(*house.store->unpark("another", 10) == 0);
  CHECK(*house.store->unpark("acme-hub", 2) == 2);
  const auto inbox = house.store->inbox(10, limits::kWindowBytesMax, nullptr);
  REQUIRE(inbox->size() == 2);
  CHECK(inbox->at(0)->id == raws[0]->id);
  CHECK(inbox->at(1)->id == raws[1]->id);
  store::LedgerPass pass;
  while (!pass.complete) REQUIRE(house.store->checkLedger(pass, 100));
  CHECK(pass.found.empty());
  CHECK(*house.store->unpark("acme-hub", 10) == 3);
  CHECK(house.store->parked()->empty());
  for (const auto& raw : raws) REQUIRE(house.finish({raw->id, {StoreHouse::eventOf(*raw)}, {}}));
  CHECK(house.store->ledger("acme")->inbox == 0);
}

TEST_CASE("a request run again replaces its first event and adds deliveries") {
  StoreHouse house;
  const auto raw = house.request("d-1");
  REQUIRE(house.append(raw));
  Event event = StoreHouse::eventOf(*raw);
  REQUIRE(house.finish({raw->id, {event}, {}}));
  event.type = "ticket.reopened";
  store::FlowOutcome outcome{raw->id, {event}, {house.deliveryOf(event, "a")}};
  outcome.again = true;
  REQUIRE(house.finish(outcome));
  CHECK((*house.store->loadEvent("acme", event.id))->event.type == "ticket.reopened");
  CHECK(house.store->ledger("acme")->events == 1);
  CHECK(house.store->ledger("acme")->deliveries[0] == 1);
  outcome.deliveries = {house.deliveryOf(event, "b")};
  outcome.settles = outcome.deliveries.front().id;  // not stored, so not a dead letter
  CHECK(house.finish(outcome).error().code == ErrorCode::NotFound);
  CHECK(house.store->ledger("acme")->deliveries[0] == 1);
  const auto stranger = house.request("d-2");
  store::FlowOutcome unknown{stranger->id, {StoreHouse::eventOf(*stranger)}, {}};
  unknown.again = true;
  CHECK(house.finish(unknown).error().code == ErrorCode::NotFound);
}

TEST_CASE("running a dead letter again discards it in the same step, and only once") {
  StoreHouse house;
  const auto raw = house.request("d-1");
  REQUIRE(house.append(raw));
  const Event event = StoreHouse::eventOf(*raw);
  Delivery dead = house.deliveryOf(event, "");
  dead.state = DeliveryState::Dead;
  REQUIRE(house.finish({raw->id, {event}, {dead}}));
  store::FlowOutcome outcome{raw->id, {event}, {house.deliveryOf(event, "a")}};
  outcome.again = true;
  outcome.settles = dead.id;
  REQUIRE(house.finish(outcome));
  CHECK(house.store->loadDelivery("acme", dead.id)->state == DeliveryState::Discarded);
  outcome.deliveries = {house.deliveryOf(event, "a")};
  CHECK(house.finish(outcome).error().code == ErrorCode::InvalidArgument);
  const auto ledger = *house.store->ledger("acme");
  CHECK(ledger.deliveries[static_cast<int>(DeliveryState::Pending)] == 1);
  CHECK(ledger.deliveries[static_cast<int>(DeliveryState::Dead)] == 0);
  CHECK(ledger.deliveries[static_cast<int>(DeliveryState::Discarded)] == 1);
}

TEST_CASE("one request may hold many events, each with its own deliveries") {
  StoreHouse house;
  const auto raw = house.request("batch");
  REQUIRE(house.append(raw));
  store::FlowOutcome outcome{raw->id, {}, {}};
  for (int i = 0; i < 50; ++i) {
    Event event = StoreHouse::eventOf(*raw);
    if (i > 0) event.id = house.ids.nextEvent();
    event.source_event_id = "item-" + std::to_string(i);
    outcome.events.push_back(event);
    outcome.deliveries.push_back(house.deliveryOf(event, "a"));
    outcome.deliveries.push_back(house.deliveryOf(event, "b"));
  }
  const auto stored = house.finish(outcome);
  REQUIRE(stored);
  CHECK(stored->stored == std::vector<bool>(50, true));
  const auto last = house.store->loadEvent("acme", outcome.events.back().id);
  REQUIRE(last);
  CHECK((*last)->event.request_id == raw->id);
  CHECK((*last)->request->id == raw->id);
  CHECK(house.store->ledger("acme")->deliveries[0] == 100);
}

TEST_CASE("an event seen in an earlier request is left out with its deliveries") {
  StoreHouse house;
  const auto finishBatch = [&](const std::string& key, std::vector<std::string> items) {
    const auto raw = house.request(key);
    REQUIRE(house.append(raw));
    store::FlowOutcome outcome{raw->id, {}, {}};
    for (const std::string& item : items) {
      Event event = StoreHouse::eventOf(*raw);
      if (!outcome.events.empty()) event.id = house.ids.nextEvent();
      event.source_event_id = item;
      outcome.events.push_back(event);
      outcome.deliveries.push_back(house.deliveryOf(event));
    }
    auto stored = house.finish(outcome);
    REQUIRE(stored);
    return stored->stored;
  };
  CHECK(finishBatch("r1", {"a", "b"}) == std::vector<bool>{true, true});
  CHECK(finishBatch("r2", {"b", "c", "c"}) == std::vector<bool>{false, true, false});
  house.reopen();
  CHECK(finishBatch("r3", {"c"}) == std::vector<bool>{false});
  CHECK(house.store->inbox(10, limits::kWindowBytesMax, nullptr)->empty());
  const auto ledger = house.store->ledger("acme");
  CHECK(ledger->requests == 3);
  CHECK(ledger->events == 3);
  CHECK(ledger->deliveries[0] == 3);
}

TEST_CASE("event ids and request keys do not shadow each other") {
  StoreHouse house;
  const auto raw = house.request("same");
  REQUIRE(house.append(raw));
  Event event = StoreHouse::eventOf(*raw);
  event.source_event_id = "same";
  CHECK(house.finish({raw->id, {event}, {}})->stored[0]);
  CHECK(house.append(house.request("same"))->duplicate);

  const auto other = house.request("other");
  REQUIRE(house.append(other));
  Event later = StoreHouse::eventOf(*other);
  later.source_event_id = "fresh";
  CHECK(house.finish({other->id, {later}, {}})->stored[0]);
  CHECK_FALSE(house.append(house.request("fresh"))->duplicate);
}

TEST_CASE("an outcome that does not fit together is refused and leaves no trace") {
  StoreHouse house;
  const auto raw = house.request("d-1");
  REQUIRE(house.append(raw));
  const Event event = StoreHouse::eventOf(*raw);
  Event stranger = event;
  stranger.id = house.ids.nextEvent();
  Delivery running = house.deliveryOf(event);
  running.state = DeliveryState::Running;

  const auto refused = [&](store::FlowOutcome outcome) {
    const auto answer = house.finish(std::move(outcome));
    return !answer && answer.error().code == ErrorCode::InvalidArgument;
  };
  CHECK(refused({raw->id, {}, {}}));
  CHECK(refused({raw->id, {stranger}, {}}));
  CHECK(refused({raw->id, {event}, {house.deliveryOf(stranger)}}));
  CHECK(refused({raw->id, {event, event}, {}}));
  CHECK(refused({raw->id, {event}, {running}}));
  const auto ledger = house.store->ledger("acme");
  CHECK(ledger->inbox == 1);
  CHECK(ledger->events == 0);
  CHECK(house.finish({raw->id, {event}, {}}));
}

TEST_CASE("what belongs to a tenant is not seen by another") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1", "acme");
  CHECK(house.store->loadEvent("acme", delivery.event_id));
  CHECK(house.store->loadEvent("", delivery.event_id));
  for (const std::string tenant : {"globex", "nobody"}) {
    CHECK(house.store->loadEvent(tenant, delivery.event_id).error().code == ErrorCode::NotFound);
    CHECK(house.store->loadRequest(tenant, delivery.event_id).error().code == ErrorCode::NotFound);
    CHECK(house.store->loadDelivery(tenant, delivery.id).error().code == ErrorCode::NotFound);
    CHECK(house.store->listEvents({.tenant = tenant})->items.empty());
    CHECK(house.store->listDeliveries({.tenant = tenant})->items.empty());
    CHECK(house.store->ledger(tenant)->requests == 0);
  }
}

TEST_CASE("an id that shares only its row key is not found") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1");
  EventId event = delivery.event_id;
  event.uuid.lo ^= 1;
  DeliveryId other = delivery.id;
  other.uuid.lo ^= 1;
  CHECK(house.store->loadEvent("", event).error().code == ErrorCode::NotFound);
  CHECK(house.store->loadRequest("", event).error().code == ErrorCode::NotFound);
  CHECK(house.store->loadDelivery("", other).error().code == ErrorCode::NotFound);
  CHECK(house.store->listAttempts(other)->empty());
}

}  // namespace
}  // namespace junctor::testing
