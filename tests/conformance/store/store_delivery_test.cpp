// Deliveries: attempts, legal transitions, and a ledger that balances.
#include <map>

#include "base/random.h"
#include "store_house.h"

namespace junctor::testing {
namespace {

using S = DeliveryState;

TEST_CASE("an attempt and the state it leads to are stored together") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1");
  auto failed = house.attemptOf(delivery, 1, S::Pending);
  failed.attempt.error = "connect: refused";
  REQUIRE(house.record(failed));
  CHECK(house.stored(delivery).state == S::Pending);
  CHECK(house.stored(delivery).attempts == 1);
  CHECK(house.stored(delivery).next_at_ms == failed.next_at_ms);

  REQUIRE(house.record(house.attemptOf(delivery, 2, S::Delivered)));
  CHECK(house.stored(delivery).state == S::Delivered);
  const auto attempts = house.store->listAttempts(delivery.id);
  REQUIRE(attempts->size() == 2);
  const Attempt& first = attempts->front();
  CHECK(first.delivery_id == delivery.id);
  CHECK(first.number == 1);
  CHECK(first.started_at_ms == failed.attempt.started_at_ms);
  CHECK(first.latency_us == failed.attempt.latency_us);
  CHECK(first.outcome == AttemptOutcome::HttpError);
  CHECK(first.status == 500);
  CHECK(first.error == "connect: refused");
  CHECK(first.request_head == failed.attempt.request_head);
  CHECK(first.response_head == failed.attempt.response_head);
  CHECK(attempts->back().outcome == AttemptOutcome::Delivered);
}

TEST_CASE("a final delivery takes no further attempt") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1");
  REQUIRE(house.record(house.attemptOf(delivery, 1, S::Delivered)));
  const auto again = house.record(house.attemptOf(delivery, 2, S::Dead));
  CHECK(again.error().code == ErrorCode::InvalidArgument);
  CHECK(house.stored(delivery).state == S::Delivered);
  CHECK(house.store->listAttempts(delivery.id)->size() == 1);
}

TEST_CASE("an attempt is not recorded twice") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1");
  REQUIRE(house.record(house.attemptOf(delivery, 1, S::Pending)));
  CHECK(house.record(house.attemptOf(delivery, 1, S::Pending)).error().code ==
        ErrorCode::InvalidArgument);
  CHECK(house.store->listAttempts(delivery.id)->size() == 1);
}

TEST_CASE("an attempt may not end in a state that no attempt ends in") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1");
  for (const S state : {S::Running, S::Filtered, S::Discarded}) {
    CHECK(house.record(house.attemptOf(delivery, 1, state)).error().code ==
          ErrorCode::InvalidArgument);
  }
  Delivery stranger = delivery;
  stranger.id = house.ids.nextDelivery();
  CHECK(house.record(house.attemptOf(stranger, 1, S::Delivered)).error().code ==
        ErrorCode::NotFound);
}

TEST_CASE("a redriven dead letter starts again at attempt one and keeps its history") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1");
  REQUIRE(house.record(house.attemptOf(delivery, 1, S::Pending)));
  REQUIRE(house.record(house.attemptOf(delivery, 2, S::Dead)));
  CHECK(house.stored(delivery).reason == "attempts-exhausted");
  REQUIRE(house.setState(delivery, S::Pending, 777));
  CHECK(house.stored(delivery).attempts == 0);
  CHECK(house.stored(delivery).next_at_ms == 777);
  CHECK(house.stored(delivery).reason.empty());
  REQUIRE(house.record(house.attemptOf(delivery, 1, S::Delivered)));
  const auto attempts = house.store->listAttempts(delivery.id);
  REQUIRE(attempts->size() == 3);
  CHECK((*attempts)[2].number == 1);
  CHECK((*attempts)[2].outcome == AttemptOutcome::Delivered);
}

TEST_CASE("only legal transitions are taken") {
  for (const S from : {S::Pending, S::Waiting, S::Delivered, S::Filtered, S::Dead, S::Discarded}) {
    for (int to = 0; to < 7; ++to) {
      StoreHouse house;
      const auto raw = house.request("d-1");
      REQUIRE(house.append(raw));
      const Event event = StoreHouse::eventOf(*raw);
      Delivery delivery = house.deliveryOf(event);
      if (from == S::Filtered || from == S::Dead) delivery.state = from;
      REQUIRE(house.finish({raw->id, {event}, {delivery}}));
      if (from == S::Waiting || from == S::Delivered) {
        REQUIRE(house.record(house.attemptOf(delivery, 1, from)));
      }
      if (from == S::Discarded) REQUIRE(house.setState(delivery, from));

      const S next = static_cast<S>(to);
      INFO(toString(from) << " -> " << toString(next));
      const auto answer = house.setState(delivery, next);
      const bool legal = mayBecome(from, next) && next != S::Running;
      CHECK(answer.has_value() == legal);
      if (!legal) CHECK(answer.error().code == ErrorCode::InvalidArgument);
      CHECK(house.stored(delivery).state == (legal ? next : from));
    }
  }
}

TEST_CASE("a replay adds deliveries to a stored event and to no other") {
  StoreHouse house;
  const Delivery first = house.deliver("d-1");
  Delivery again = first;
  again.id = house.ids.nextDelivery();
  REQUIRE(house.plan({again}));
  CHECK(house.store->listDeliveries({.tenant = "acme", .event_id = first.event_id})->items.size() ==
        2);
  Delivery orphan = first;
  orphan.id = house.ids.nextDelivery();
  orphan.event_id = house.ids.nextEvent();
  Delivery third = first;
  third.id = house.ids.nextDelivery();
  CHECK(house.plan({third, orphan}).error().code == ErrorCode::NotFound);
  CHECK(house.store->loadDelivery("", third.id).error().code == ErrorCode::NotFound);
  CHECK(house.store->ledger("acme")->deliveries[0] == 2);
}

// Random operations beside a plain model of what must come of them.
class Bookkeeper {
 public:
  explicit Bookkeeper(StoreHouse& house, uint64_t seed) : house_(house), random_(seed) {}

  void play(int operations) {
    for (int i = 0; i < operations; ++i) {
      const uint64_t dice = random_.next() % 10;
      if (dice < 4 || deliveries_.empty()) {
        appendOne();
      } else if (dice < 8) {
        recordOne();
      } else {
        moveOne();
      }
    }
  }

  void check() {
    std::map<std::string, store::Ledger> expected = ledgers_;
    for (const auto& [id, known] : deliveries_) {
      ++expected[known.delivery.tenant].deliveries[static_cast<int>(known.state)];
      CHECK(house_.stored(known.delivery).state == known.state);
    }
    store::Ledger total;
    for (const auto& [tenant, ledger] : expected) {
      compare(*house_.store->ledger(tenant), ledger);
      total.requests += ledger.requests;
      total.inbox += ledger.inbox;
      total.events += ledger.events;
      for (int s = 0; s < 7; ++s) total.deliveries[s] += ledger.deliveries[s];
    }
    compare(*house_.store->ledger(""), total);
  }

 private:
  struct Known {
    Delivery delivery;
    S state;
    int attempts = 0;
  };

  static void compare(const store::Ledger& is, const store::Ledger& should) {
    CHECK(is.requests == should.requests);
    CHECK(is.inbox == should.inbox);
    CHECK(is.events == should.events);
    for (int s = 0; s < 7; ++s) CHECK(is.deliveries[s] == should.deliveries[s]);
  }

  void appendOne() {
    const std::string tenant = random_.next() % 2 ? "acme" : "globex";
    const std::string key = "k" + std::to_string(random_.next() % 200);
    const auto raw = house_.request(key, "{}", tenant);
    const auto answer = house_.append(raw);
    REQUIRE(answer);
    CHECK(answer->duplicate == !keys_.emplace(tenant + key, raw->id).second);
    if (answer->duplicate) return;
    store::Ledger& ledger = ledgers_[tenant];
    ++ledger.requests;
    if (random_.next() % 5 == 0) {
      ++ledger.inbox;
      return;
    }
    const Event event = StoreHouse::eventOf(*raw);
    store::FlowOutcome outcome{raw->id, {event}, {}};
    for (uint64_t n = 1 + random_.next() % 3; n > 0; --n) {
      Delivery delivery = house_.deliveryOf(event);
      if (random_.next() % 4 == 0) delivery.state = S::Filtered;
      deliveries_[delivery.id] = {delivery, delivery.state};
      outcome.deliveries.push_back(delivery);
    }
    REQUIRE(house_.finish(outcome));
    ++ledger.events;
  }

  Known& pick() {
    auto chosen = deliveries_.begin();
    std::advance(chosen, static_cast<long>(random_.next() % deliveries_.size()));
    return chosen->second;
  }

  void recordOne() {
    Known& known = pick();
    const S next = std::array{S::Pending, S::Delivered, S::Dead, S::Waiting}[random_.next() % 4];
    const bool legal = mayBecome(known.state == S::Pending ? S::Running : known.state, next);
    const auto answer = house_.record(house_.attemptOf(known.delivery, known.attempts + 1, next));
    CHECK(answer.has_value() == legal);
    if (!answer) return;
    known.state = next;
    ++known.attempts;
  }

  void moveOne() {
    Known& known = pick();
    const S next = random_.next() % 2 ? S::Pending : S::Discarded;
    const bool legal = mayBecome(known.state, next);
    CHECK(house_.setState(known.delivery, next).has_value() == legal);
    if (!legal) return;
    if (known.state == S::Dead && next == S::Pending) known.attempts = 0;
    known.state = next;
  }

  StoreHouse& house_;
  SeededRandom random_;
  std::map<std::string, EventId> keys_;
  std::map<DeliveryId, Known> deliveries_;
  std::map<std::string, store::Ledger> ledgers_;
};

TEST_CASE("the ledger balances after random operations and after a restart") {
  StoreHouse house;
  Bookkeeper bookkeeper(house, 42);
  bookkeeper.play(600);
  bookkeeper.check();
  house.reopen();
  bookkeeper.check();
  bookkeeper.play(200);
  bookkeeper.check();
}

}  // namespace
}  // namespace junctor::testing
