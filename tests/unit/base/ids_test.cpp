#include <catch2/catch.hpp>
#include <set>

#include "base/ids.h"
#include "support/manual_clock.h"

namespace junctor::testing {
namespace {

TEST_CASE("ids rise, over the floor too, and those of different lanes never have one order key") {
  ManualClock clock;
  IdSource first(clock), second(clock);
  first.useLane(0);
  second.useLane(63);
  std::set<int64_t> keys;
  int64_t before = 0;
  for (int i = 0; i < 2'000; ++i) {
    const int64_t key = first.next().orderKey();
    CHECK(key > before);
    before = key;
    keys.insert(key);
    keys.insert(second.next().orderKey());
    if (i == 1'000) first.raiseFloor(before + 12'345);
  }
  CHECK(keys.size() == 4'000);
}

}  // namespace
}  // namespace junctor::testing
