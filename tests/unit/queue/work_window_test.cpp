#include <catch2/catch.hpp>

#include "base/random.h"
#include "queue/work_window.h"

#include <map>
#include <set>

using junctor::Priority;
using junctor::SeededRandom;
using junctor::queue::Offered;
using junctor::queue::WindowOptions;
using junctor::queue::WorkWindow;

namespace {

using Window = WorkWindow<int>;

WindowOptions options() {
  WindowOptions o;
  o.items_max = 8;
  o.bytes_max = 1000;
  o.lane_running_max = 2;
  o.lease_ms = 100;
  return o;
}

}  // namespace

TEST_CASE("a lane asks for a lease only while a quarter of what it may run is free") {
  WindowOptions wide = options();
  wide.items_max = 16;
  wide.lane_running_max = 4;
  Window window(wide);
  CHECK_FALSE(window.hungry("a"));  // nothing to lease
  for (int i = 0; i < 6; ++i) window.offer(i, "a", 10, i);
  CHECK(window.hungry("a"));
  const auto leased = window.lease(0, 8);
  REQUIRE(leased.size() == 4);
  CHECK_FALSE(window.hungry("a"));
  window.release(leased[0].key, leased[0].epoch);
  CHECK(window.hungry("a"));
}

TEST_CASE("an offered item is leased once") {
  Window window(options());
  REQUIRE(window.offer(1, "a", 10, 7) == Offered::Taken);
  const auto leased = window.lease(0, 10);
  REQUIRE(leased.size() == 1);
  CHECK(leased[0].item == 7);
  CHECK(window.lease(0, 10).empty());
  CHECK(window.holds(1));
  CHECK(window.settle(1, leased[0].epoch));
  CHECK_FALSE(window.holds(1));
}

TEST_CASE("the same key is not held twice") {
  Window window(options());
  REQUIRE(window.offer(1, "a", 10, 7) == Offered::Taken);
  CHECK(window.offer(1, "a", 10, 7) == Offered::Known);
  CHECK(window.size() == 1);
}

TEST_CASE("a full lane asks for a scan once half of it was worked off") {
  Window window(options());
  window.beginScan();
  window.endScan(Window::kNever);
  for (int i = 0; i < 4; ++i) REQUIRE(window.offer(i, "a", 10, i) == Offered::Taken);
  CHECK(window.offer(4, "a", 10, 4) == Offered::LaneFull);
  CHECK_FALSE(window.scanDue(1'000'000));  // a scan would find no room in the lane
  for (const auto& leased : window.lease(0, 2)) window.settle(leased.key, leased.epoch);
  CHECK(window.scanDue(0));
}

TEST_CASE("a full lane does not hold back the scans of the others") {
  Window window(options());
  window.beginScan();
  window.endScan(Window::kNever);
  for (int i = 0; i < 5; ++i) window.offer(i, "slow", 10, i);
  window.noteDue(500);
  CHECK_FALSE(window.scanDue(499));
  CHECK(window.scanDue(500));
}

TEST_CASE("a full window is scanned again once a quarter of it was worked off") {
  Window window(options());
  window.beginScan();
  window.endScan(Window::kNever);
  for (int i = 0; i < 8; ++i) REQUIRE(window.offer(i, std::to_string(i), 10, i) == Offered::Taken);
  CHECK(window.offer(9, "c", 10, 9) == Offered::Full);
  auto leased = window.lease(0, 2);
  window.settle(leased[0].key, leased[0].epoch);
  CHECK_FALSE(window.scanDue(0));
  window.settle(leased[1].key, leased[1].epoch);
  CHECK(window.scanDue(0));
}

TEST_CASE("one item larger than the bound still fits an empty window") {
  Window window(options());
  CHECK(window.offer(1, "a", 5000, 1) == Offered::Taken);
  CHECK(window.offer(2, "b", 10, 2) == Offered::Full);
}

TEST_CASE("a claimed item is not handed out until it is unclaimed") {
  Window window(options());
  window.offer(1, "a", 10, 7);
  REQUIRE(window.claim(1));
  CHECK(window.lease(0, 10).empty());
  CHECK(window.holds(1));  // a scan leaves it out
  CHECK(window.offer(1, "a", 10, 7) == Offered::Known);
  window.unclaim(1);
  CHECK(window.offer(1, "a", 10, 7) == Offered::Taken);
  REQUIRE(window.lease(0, 10).size() == 1);
  CHECK_FALSE(window.claim(1));  // it runs
}

TEST_CASE("large items are bounded by their bytes") {
  Window window(options());
  REQUIRE(window.offer(1, "a", 900, 1) == Offered::Taken);
  CHECK(window.offer(2, "b", 200, 2) == Offered::Full);
  const auto leased = window.lease(0, 1);
  window.settle(1, leased[0].epoch);
  CHECK(window.offer(2, "b", 200, 2) == Offered::Taken);
}

TEST_CASE("a lane at its running limit does not stop the others") {
  Window window(options());
  for (int i = 0; i < 4; ++i) window.offer(i, "slow", 10, i);
  window.offer(10, "fast", 10, 10);
  const auto leased = window.lease(0, 10);
  std::multiset<int> items;
  for (const auto& one : leased) items.insert(one.item);
  CHECK(items.size() == 3);  // two of slow, one of fast
  CHECK(items.contains(10));
}

TEST_CASE("lanes take turns") {
  Window window(options());
  for (int i = 0; i < 2; ++i) window.offer(i, "a", 1, 100 + i);
  for (int i = 2; i < 4; ++i) window.offer(i, "b", 1, 200 + i);
  const auto leased = window.lease(0, 2);
  REQUIRE(leased.size() == 2);
  CHECK(leased[0].item / 100 != leased[1].item / 100);
}

TEST_CASE("a lease that expires is handed out again and its late settle is ignored") {
  Window window(options());
  window.offer(1, "a", 10, 7);
  const auto first = window.lease(0, 1);
  CHECK(window.reclaim(99) == 0);
  CHECK(window.reclaim(100) == 1);
  const auto second = window.lease(100, 1);
  REQUIRE(second.size() == 1);
  CHECK(second[0].epoch > first[0].epoch);
  CHECK_FALSE(window.settle(1, first[0].epoch));
  CHECK(window.settle(1, second[0].epoch));
}

TEST_CASE("a deferred item leaves the window and its time asks for a scan") {
  Window window(options());
  window.beginScan();
  window.endScan(Window::kNever);
  window.offer(1, "a", 10, 7);
  const auto leased = window.lease(0, 1);
  REQUIRE(window.defer(1, leased[0].epoch, 5000));
  CHECK_FALSE(window.holds(1));
  CHECK_FALSE(window.scanDue(4999));
  CHECK(window.scanDue(5000));
}

TEST_CASE("an item that only waits for its record does not take a running place") {
  Window window(options());
  for (int i = 0; i < 4; ++i) window.offer(i, "a", 10, i);
  const auto first = window.lease(0, 10);
  REQUIRE(first.size() == 2);
  window.release(first[0].key, first[0].epoch);
  window.release(first[0].key, first[0].epoch);  // once counts
  size_t unrecorded = 0;
  CHECK(window
            .lease(0, 10,
                   [&](const FairTurns::Lane& lane) {
                     unrecorded = lane.unrecorded;
                     return true;
                   })
            .size() == 1);
  CHECK(unrecorded == 1);
  CHECK(window.holds(first[0].key));
  CHECK(window.settle(first[0].key, first[0].epoch));
  CHECK(window.lease(0, 10).empty());
}

TEST_CASE("what is settled while a scan reads the store is not handed out again") {
  Window window(options());
  window.offer(1, "a", 10, 7);
  const auto leased = window.lease(0, 1);
  window.beginScan();  // the scan's snapshot still shows 1 as pending
  REQUIRE(window.settle(1, leased[0].epoch));
  CHECK(window.offerScanned(1, "a", 10, 7) == Offered::Known);
  CHECK(window.offerScanned(2, "a", 10, 8) == Offered::Taken);
  window.endScan(Window::kNever);
  CHECK(window.lease(0, 10).size() == 1);
}

TEST_CASE("random play never loses, doubles or exceeds its bounds") {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SeededRandom random(seed);
    WindowOptions patient = options();
    patient.lease_ms = 1'000'000;
    Window window(patient);
    std::map<int64_t, uint64_t> running;
    std::set<int64_t> inside;
    int64_t next_key = 1;
    int64_t now = 0;
    for (int step = 0; step < 2000; ++step) {
      now += static_cast<int64_t>(random.next() % 10);
      const std::string lane(1, static_cast<char>('a' + random.next() % 3));
      switch (random.next() % 4) {
        case 0:
          if (window.offer(next_key, lane, 10, 0) == Offered::Taken) inside.insert(next_key);
          ++next_key;
          break;
        case 1:
          for (const auto& leased : window.lease(now, 3)) {
            REQUIRE(inside.contains(leased.key));
            REQUIRE_FALSE(running.contains(leased.key));
            running[leased.key] = leased.epoch;
          }
          break;
        case 2:
          if (!running.empty()) {
            const auto one = running.begin();
            REQUIRE(window.settle(one->first, one->second));
            inside.erase(one->first);
            running.erase(one);
          }
          break;
        default:
          now += 5;
      }
      REQUIRE(window.size() == inside.size());
      REQUIRE(window.size() <= 8);
    }
  }
}

TEST_CASE("a lane that may not start is passed over, and the others are not") {
  Window window(options());
  window.offer(1, "shut", 10, 1);
  window.offer(2, "open", 10, 2);
  const auto leased =
      window.lease(0, 8, [](const FairTurns::Lane& lane) { return lane.name == "open"; });
  REQUIRE(leased.size() == 1);
  CHECK(leased[0].key == 2);
  CHECK(window.lease(0, 8).size() == 1);
}

TEST_CASE("an evicted lane frees its room at once and what runs of it is still settled") {
  Window window(options());
  for (int i = 0; i < 4; ++i) window.offer(i, "a", 10, i);
  const auto leased = window.lease(0, 2);
  REQUIRE(leased.size() == 2);
  window.evict("a");
  CHECK(window.size() == 2);
  CHECK(window.lease(0, 8).empty());
  for (const auto& item : leased) CHECK(window.settle(item.key, item.epoch));
  CHECK(window.size() == 0);
  REQUIRE(window.offer(3, "a", 10, 3) == Offered::Taken);
  CHECK(window.lease(0, 8).size() == 1);
}

TEST_CASE("a window that forgets keeps what runs and asks for a scan") {
  Window window(options());
  for (int i = 0; i < 3; ++i) window.offer(i, i % 2 ? "a" : "b", 10, i);
  const auto leased = window.lease(0, 1);
  REQUIRE(leased.size() == 1);
  window.endScan(Window::kNever);
  window.beginScan();
  window.endScan(Window::kNever);
  CHECK_FALSE(window.scanDue(0));
  window.evictAll();
  CHECK(window.size() == 1);
  CHECK(window.scanDue(0));
  CHECK(window.lease(0, 8).empty());
  CHECK(window.settle(leased.front().key, leased.front().epoch));
}

TEST_CASE("a tenant with many stuck lanes leaves half of the window to the others") {
  WindowOptions wide = options();
  wide.items_max = 64;
  Window window(wide);
  int key = 0;
  for (int lane = 0; lane < 40; ++lane) {
    const std::string name = "noisy/" + std::to_string(lane);
    while (window.offer(++key, name, 1, 0) == Offered::Taken) {
    }
  }
  CHECK(window.room() == 32);
  CHECK(window.offer(++key, "other/a", 1, 0) == Offered::Taken);
}

TEST_CASE("one lane of a tenant leaves room for its next") {
  WindowOptions wide = options();
  wide.items_max = 64;
  Window window(wide);
  int key = 0;
  while (window.offer(++key, "acme/slow", 1, 0) == Offered::Taken) {
  }
  CHECK(window.size() == 16);
  CHECK(window.offer(++key, "acme/next", 1, 0) == Offered::Taken);
  CHECK(window.offer(++key, "acme/slow", 1, 0, Priority::Urgent) == Offered::Taken);
}

TEST_CASE("one tenant may run half of what may run, and a later one finds places") {
  WindowOptions wide = options();
  wide.items_max = 1'000;
  wide.running_max = 40;
  wide.lane_running_max = 100;
  Window window(wide);
  for (int i = 0; i < 100; ++i) window.offer(i, "noisy/a", 1, i);
  CHECK(window.lease(0, 100).size() == 20);
  CHECK(window.crowded());
  for (int i = 100; i < 110; ++i) window.offer(i, "quiet/a", 1, i);
  CHECK(window.lease(0, 10).size() == 10);
}

TEST_CASE("however many lanes are stuck, a new one finds room") {
  WindowOptions wide = options();
  wide.items_max = 64;
  Window window(wide);
  int key = 0;
  for (int lane = 0; lane < 20; ++lane) {
    const std::string name = "stuck" + std::to_string(lane);
    REQUIRE(window.offer(++key, name, 1, 0) == Offered::Taken);
    while (window.offer(++key, name, 1, 0) == Offered::Taken) {
    }
    if (window.room() <= 1) break;
  }
  CHECK(window.room() >= 1);
  CHECK(window.offer(++key, "new", 1, 0) == Offered::Taken);
}
