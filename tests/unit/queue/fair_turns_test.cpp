#include "queue/fair_turns.h"

#include <catch2/catch.hpp>

#include <map>
#include <set>

#include "base/random.h"
#include "queue/work_window.h"

using junctor::Priority;
using junctor::SeededRandom;
using junctor::queue::FairTurns;
using junctor::queue::WindowOptions;
using junctor::queue::WorkWindow;

namespace {

bool always(const FairTurns::Lane&) {
  return true;
}

// Lanes that always have work; counts the turns of each group.
class Fair {
 public:
  explicit Fair(FairTurns::Weigh weigh = {}) { turns_.weigh(std::move(weigh)); }
  void backlog(const std::string& lane, int items) {
    for (int i = 0; i < items; ++i) {
      turns_.makeReady(turns_.lane(lane), Priority::Normal, ++key_);
      lane_of_[key_] = lane;
    }
  }
  void serve(int turns, const FairTurns::May& may = always) {
    for (int i = 0; i < turns; ++i) {
      const auto turn = turns_.next(may);
      turns_.endRound();
      if (!turn) return;
      REQUIRE(turn->lane->name == lane_of_[turn->key]);
      REQUIRE(served_keys_.insert(turn->key).second);
      ++lanes_[turn->lane->name];
      ++groups_[turn->lane->group->name];
    }
  }
  int of(const std::string& group) { return groups_[group]; }
  int ofLane(const std::string& lane) { return lanes_[lane]; }
  double jain() const {
    double sum = 0, squares = 0;
    for (const auto& [name, count] : groups_) {
      sum += count;
      squares += static_cast<double>(count) * count;
    }
    return sum * sum / (static_cast<double>(groups_.size()) * squares);
  }

 private:
  FairTurns turns_;
  int64_t key_ = 0;
  std::map<int64_t, std::string> lane_of_;
  std::set<int64_t> served_keys_;
  std::map<std::string, int> groups_, lanes_;
};

}  // namespace

TEST_CASE("tenants of equal weight get equal turns, whatever their backlog and destinations") {
  Fair fair;
  fair.backlog("noisy/a", 100'000);
  for (int i = 0; i < 20; ++i) fair.backlog("wide/" + std::to_string(i), 5'000);
  for (int i = 0; i < 8; ++i) fair.backlog("t" + std::to_string(i) + "/sink", 3'000);
  fair.serve(20'000);
  CHECK(fair.jain() >= 0.99);
  CHECK(fair.of("noisy") == 2'000);
  CHECK(fair.of("wide") == 2'000);
  CHECK(fair.ofLane("wide/0") == 100);
}

TEST_CASE("a tenant that weighs three gets three times the turns") {
  Fair fair([](const std::string& group) { return group == "big" ? 3 : 1; });
  fair.backlog("big/a", 10'000);
  fair.backlog("small/a", 10'000);
  fair.serve(8'000);
  CHECK(fair.of("big") == 6'000);
  CHECK(fair.of("small") == 2'000);
}

TEST_CASE("what a tenant does not use goes to the others and is not saved up") {
  Fair fair([](const std::string& group) { return group == "idle" ? 50 : 1; });
  fair.backlog("busy/a", 10'000);
  fair.serve(5'000);
  fair.backlog("idle/a", 10);
  fair.backlog("idle/b", 40'000);
  fair.backlog("busy/b", 40'000);
  fair.serve(10'200);
  CHECK(fair.of("idle") == 10'000);
}

TEST_CASE("a lane that may not go costs its tenant nothing and the others no turn") {
  Fair fair;
  fair.backlog("acme/shut", 1'000);
  fair.backlog("acme/open", 1'000);
  fair.backlog("globex/open", 1'000);
  fair.serve(1'000, [](const FairTurns::Lane& lane) { return lane.name != "acme/shut"; });
  CHECK(fair.of("acme") == 500);
  CHECK(fair.ofLane("acme/shut") == 0);
  fair.serve(300);
  CHECK(fair.ofLane("acme/shut") > 0);
}

TEST_CASE("urgent work goes first and bulk work still moves") {
  FairTurns turns;
  auto& lane = turns.lane("acme/sink");
  int64_t key = 0;
  std::map<int64_t, Priority> priority;
  for (const Priority of : {Priority::Bulk, Priority::Normal, Priority::Urgent}) {
    for (int i = 0; i < 2'100; ++i) {
      turns.makeReady(lane, of, ++key);
      priority[key] = of;
    }
  }
  std::map<Priority, int> served;
  for (int i = 0; i < 2'100; ++i) ++served[priority[turns.next(always)->key]];
  CHECK(served[Priority::Urgent] == 1'600);
  CHECK(served[Priority::Normal] == 400);
  CHECK(served[Priority::Bulk] == 100);
  turns.makeReady(lane, Priority::Urgent, ++key);
}

TEST_CASE("bulk work alone has its destination to itself") {
  FairTurns turns;
  auto& lane = turns.lane("acme/sink");
  for (int i = 0; i < 100; ++i) turns.makeReady(lane, Priority::Bulk, i);
  int served = 0;
  while (turns.next(always)) ++served;
  CHECK(served == 100);
}

TEST_CASE("random play of ready, taken back, refused and served work loses and doubles nothing") {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SeededRandom random(seed);
    FairTurns turns;
    std::map<int64_t, std::pair<std::string, Priority>> waiting;
    int64_t key = 0;
    for (int step = 0; step < 3'000; ++step) {
      const std::string name = std::string(1, static_cast<char>('a' + random.next() % 3)) + "/" +
                               std::to_string(random.next() % 3);
      const auto priority = static_cast<Priority>(random.next() % 3);
      switch (random.next() % 5) {
        case 0:
        case 1:
          turns.makeReady(turns.lane(name), priority, ++key);
          waiting[key] = {name, priority};
          break;
        case 2: {
          const auto shut = random.next() % 3;
          for (int i = 0; i < 3; ++i) {
            const auto turn = turns.next([&](const FairTurns::Lane& lane) {
              return lane.name.back() != static_cast<char>('0' + shut);
            });
            if (!turn) break;
            REQUIRE(waiting.contains(turn->key));
            REQUIRE(waiting[turn->key].first == turn->lane->name);
            waiting.erase(turn->key);
          }
          turns.endRound();
          break;
        }
        case 3:
          if (!waiting.empty()) {
            const auto one = waiting.begin();
            turns.takeBack(*turns.find(one->second.first), one->second.second, one->first);
            waiting.erase(one);
          }
          break;
        default:
          if (auto* lane = turns.find(name); lane && random.next() % 4 == 0) {
            for (const int64_t taken : turns.takeAll(*lane)) REQUIRE(waiting.erase(taken) == 1);
            turns.drop(*lane);
          }
      }
    }
    size_t left = 0;
    while (turns.next(always)) ++left;
    REQUIRE(left == waiting.size());
  }
}

// The window with a server of fixed speed behind it: what tenants get of it.
TEST_CASE("one with a backlog of 100,000 keeps others waiting for a turn, not for the backlog") {
  WindowOptions options;
  options.items_max = 8'192;
  options.bytes_max = 1 << 30;
  options.lane_running_max = 64;
  options.running_max = 512;
  options.lease_ms = 1'000'000;
  WorkWindow<int> window(options);
  int64_t key = 0, backlog = 100'000;
  std::map<int64_t, int> offered_at;
  int longest = 0;
  for (int tick = 0; tick < 5'000; ++tick) {  // 4 deliveries a tick, each begun and ended in one
    while (backlog > 0 && window.offer(++key, "noisy/a", 10, -1) == junctor::queue::Offered::Taken)
      --backlog;
    for (int tenant = 0; tenant < 9; ++tenant) {
      if (tick % 9 != tenant) continue;  // a ninth of a delivery a tick each: below their share
      REQUIRE(window.offer(++key, "quiet" + std::to_string(tenant) + "/a", 10, tick) ==
              junctor::queue::Offered::Taken);
    }
    for (const auto& leased : window.lease(tick, 4)) {
      if (leased.item >= 0) longest = std::max(longest, tick - leased.item);
      window.settle(leased.key, leased.epoch);
    }
  }
  CHECK(longest <= 1);
}
