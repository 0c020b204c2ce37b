#include "flow/replayer.h"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <mutex>
#include <set>

#include "base/limits.h"
#include "conformance/store/store_house.h"

namespace junctor::testing {
namespace {

using flow::Replay;
using flow::ReplayState;

// A replayer over a real store; what it runs is written down, and stored as the flow would.
class Player {
 public:
  explicit Player(StoreHouse& house) : house_(house) {}

  void open() {
    replayer = std::make_unique<flow::Replayer>(flow::ReplayerDeps{
        *house_.store, house_.clock, house_.ids, metrics_,
        [this](const EventPtr& event, store::Document note, store::Done done) {
          runEvent(event, std::move(note), std::move(done));
        },
        [this](const Delivery& dead, store::Done done) {
          noteDown(dead.id.text());
          house_.store->setDeliveryState(dead.id, DeliveryState::Pending, 0, "", std::move(done));
        }});
    REQUIRE(replayer->start());
  }
  void close() {
    if (replayer) replayer->stop();
    house_.store->flush();
    replayer.reset();
  }
  ~Player() { close(); }

  Replay waitForEnd(const std::string& id) {
    for (;;) {
      const auto found = replayer->find("acme", id);
      REQUIRE(found);
      if (found->ended()) return *found;
      house_.clock.pass(std::chrono::milliseconds(10));
      std::unique_lock lock(mutex_);
      moved_.wait_for(lock, std::chrono::milliseconds(5));
    }
  }
  // Nothing is handed on beyond `count` until it is raised.
  void stopAfter(size_t count) {
    std::lock_guard lock(mutex_);
    stop_after_ = count;
    moved_.notify_all();
  }
  void waitForRuns(size_t count) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return ran_.size() >= count; });
  }
  std::vector<std::string> ran() {
    std::lock_guard lock(mutex_);
    return ran_;
  }

  std::unique_ptr<flow::Replayer> replayer;

 private:
  void noteDown(const std::string& what) {
    std::unique_lock lock(mutex_);
    ran_.push_back(what);
    moved_.notify_all();
    moved_.wait(lock, [this] { return ran_.size() <= stop_after_; });
  }
  void runEvent(const EventPtr& event, store::Document note, store::Done done) {
    noteDown(event->event.id.text());
    store::FlowOutcome outcome{event->event.request_id, {event->event}, {}};
    outcome.deliveries.push_back(house_.deliveryOf(event->event));
    outcome.again = true;
    outcome.note = std::move(note);
    house_.store->finish(outcome, [done = std::move(done)](const auto& stored) {
      done(stored ? Result<void>() : Result<void>(stored.error()));
    });
  }

  StoreHouse& house_;
  observe::Metrics metrics_;
  std::mutex mutex_;
  std::condition_variable moved_;
  std::vector<std::string> ran_;
  size_t stop_after_ = 1'000'000;
};

std::vector<std::string> storeEvents(StoreHouse& house, int count, const std::string& type = "push",
                                     const std::string& tenant = "acme") {
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) {
    const std::string key =
        type + std::to_string(i) + tenant + std::to_string(house.clock.unixMs());
    ids.push_back(house.deliver(key, tenant, type).event_id.text());
  }
  return ids;
}

Replay ofEvents(const std::string& type = "") {
  Replay replay;
  replay.tenant = "acme";
  replay.type = type;
  return replay;
}

}  // namespace

TEST_CASE("a replay runs what its query finds, oldest first, each once") {
  StoreHouse house;
  Player player(house);
  const auto wanted = storeEvents(house, 300, "order.paid");
  storeEvents(house, 5, "order.sent");
  storeEvents(house, 5, "order.paid", "globex");
  player.open();
  CHECK(*player.replayer->count(ofEvents("order.p*")) == 300);
  const auto made = player.replayer->create(ofEvents("order.p*"));
  REQUIRE(made);
  CHECK(made->total == 300);
  const Replay ended = player.waitForEnd(made->id);
  CHECK(ended.state == ReplayState::Done);
  CHECK(ended.done == 300);
  CHECK(ended.failed == 0);
  CHECK(player.ran() == wanted);
}

TEST_CASE("what comes after a replay began is no part of it") {
  StoreHouse house;
  Player player(house);
  const auto before = storeEvents(house, 3);
  player.open();
  player.stopAfter(0);
  const auto made = player.replayer->create(ofEvents());
  REQUIRE(made);
  player.waitForRuns(1);
  house.clock.pass(std::chrono::seconds(1));
  storeEvents(house, 3);
  player.stopAfter(1'000'000);
  CHECK(player.waitForEnd(made->id).done == 3);
  CHECK(player.ran() == before);
}

TEST_CASE("a replay goes on after a restart where it was, and repeats nothing") {
  StoreHouse house;
  const auto wanted = storeEvents(house, 60);
  std::string id;
  std::vector<std::string> ran;
  {
    Player player(house);
    player.open();
    player.stopAfter(19);
    const auto made = player.replayer->create(ofEvents());
    REQUIRE(made);
    id = made->id;
    player.waitForRuns(20);
    player.stopAfter(20);  // the rest of this turn is not begun
    player.waitForRuns(21);
    player.stopAfter(1'000'000);
    player.close();
    ran = player.ran();
  }
  house.reopen();
  Player again(house);
  again.open();
  const Replay ended = again.waitForEnd(id);
  CHECK(ended.done == 60);
  for (const std::string& one : again.ran()) ran.push_back(one);
  CHECK(ran == wanted);
}

TEST_CASE("a replay that another node began is left to it") {
  StoreHouse house;
  storeEvents(house, 3);
  Replay theirs = ofEvents();
  theirs.id = "rpl_theirs";
  theirs.lane = 5;
  REQUIRE(house.store->putDocument(Replay::kKind, theirs.key(), flow::replayToJson(theirs)));
  Player player(house);
  player.open();
  const auto ours = player.replayer->create(ofEvents());
  REQUIRE(ours);
  player.waitForEnd(ours->id);
  CHECK(player.ran().size() == 3);
  CHECK(player.replayer->find("acme", "rpl_theirs").error().code == ErrorCode::NotFound);
}

TEST_CASE("a cancelled replay hands nothing more on, and stays cancelled") {
  StoreHouse house;
  storeEvents(house, 200);
  std::string id;
  {
    Player player(house);
    player.open();
    Replay slow = ofEvents();
    slow.rate = 10;
    const auto made = player.replayer->create(slow);
    REQUIRE(made);
    id = made->id;
    const auto cancelled = player.replayer->cancel("acme", id);
    REQUIRE(cancelled);
    CHECK(cancelled->state == ReplayState::Cancelled);
    CHECK(player.replayer->cancel("acme", id).error().code == ErrorCode::InvalidArgument);
    CHECK(player.replayer->cancel("globex", id).error().code == ErrorCode::NotFound);
  }
  house.reopen();
  Player again(house);
  again.open();
  CHECK(again.replayer->find("acme", id)->state == ReplayState::Cancelled);
  CHECK(again.ran().size() < 200);
}

TEST_CASE("dead letters of one cause run again, the others stay dead") {
  StoreHouse house;
  Player player(house);
  std::set<std::string> wanted;
  uint64_t cause = 0;
  for (int i = 0; i < 40; ++i) {
    const Delivery delivery = house.deliver("d-" + std::to_string(i));
    auto record = house.attemptOf(delivery, 1, DeliveryState::Dead);
    record.reason = i % 2 == 0 ? "http-410" : "address-refused: x";
    record.cause = causeOf(delivery, record.reason);
    REQUIRE(house.record(record));
    if (i % 2 == 0) wanted.insert(delivery.id.text());
    if (i % 2 == 0) cause = record.cause;
  }
  player.open();
  Replay replay;
  replay.tenant = "acme";
  replay.dead_letters = true;
  replay.cause = cause;
  const auto made = player.replayer->create(replay);
  REQUIRE(made);
  CHECK(made->total == 20);
  CHECK(player.waitForEnd(made->id).done == 20);
  const auto ran = player.ran();
  CHECK(std::set<std::string>(ran.begin(), ran.end()) == wanted);
  house.store->flush();
  CHECK(house.store->ledger("acme")->deliveries[static_cast<int>(DeliveryState::Dead)] == 20);
}

TEST_CASE("a rate is kept by the replayer's clock") {
  StoreHouse house;
  storeEvents(house, 50);
  Player player(house);
  player.open();
  Replay slow = ofEvents();
  slow.rate = 100;
  const int64_t began = house.clock.monotonicMs();
  const auto made = player.replayer->create(slow);
  REQUIRE(made);
  player.waitForEnd(made->id);
  CHECK(house.clock.monotonicMs() - began >= 390);  // 50 at 100 a second, less the first tenth
}

TEST_CASE("a tenant has a bounded number of replays under way, and they end up forgotten") {
  StoreHouse house;
  storeEvents(house, 1);
  Player player(house);
  player.open();
  Replay slow = ofEvents();
  slow.rate = 1;
  house.clock.pass(std::chrono::seconds(1));
  for (size_t i = 0; i < limits::kReplaysOpenMax; ++i) REQUIRE(player.replayer->create(slow));
  CHECK(player.replayer->create(slow).error().code == ErrorCode::ResourceExhausted);
  slow.tenant = "globex";
  CHECK(player.replayer->create(slow));
  CHECK(player.replayer->list("acme").size() == limits::kReplaysOpenMax);
  CHECK(player.replayer->list("globex").size() == 1);
}

TEST_CASE("a stored replay comes back as it was, and a damaged one is an error") {
  Replay replay = ofEvents("a.*");
  replay.id = "rpl_1";
  replay.dead_letters = true;
  replay.cause = 0xfedcba9876543210;
  replay.state = ReplayState::Cancelled;
  replay.cursor = "77";
  replay.total = 9;
  replay.problem = "\"x\"";
  const auto again = flow::replayFromJson(flow::replayToJson(replay));
  REQUIRE(again);
  CHECK(flow::replayToJson(*again) == flow::replayToJson(replay));
  CHECK(again->cause == replay.cause);
  CHECK(again->ended());
  for (const char* text : {"", "[]", "{}", "{\"id\":1}", "null"}) {
    CHECK_FALSE(flow::replayFromJson(text));
  }
  for (const char* text :
       {"", "12", "00000000000000zz", "+000000000000001", "000000000000000000"}) {
    CHECK_FALSE(flow::parseCause(text));
  }
}

}  // namespace junctor::testing
