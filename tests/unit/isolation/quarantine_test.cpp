#include "isolation/quarantine.h"

#include "base/limits.h"
#include "unit/isolation/wild_house.h"

namespace junctor::testing {
using isolation::CrashHistory;

TEST_CASE("pauses between starts double up to their limit") {
  CrashHistory history;
  CHECK(history.backoffMs() == 0);
  for (const int64_t expected : {100, 200, 400, 800}) {
    history.crashed(0);
    CHECK(history.backoffMs() == expected);
  }
  for (int i = 0; i < 100; ++i) history.crashed(0);
  CHECK(history.backoffMs() == limits::kConnectorBackoffMaxMs);
}

TEST_CASE("five crashes in ten minutes are too many, five in eleven are not") {
  CrashHistory history;
  for (int i = 0; i < 4; ++i) history.crashed(i * 60'000);
  CHECK(!history.tooMany());
  history.crashed(11 * 60'000);
  CHECK(!history.tooMany());
  history.crashed(11 * 60'000 + 1);
  CHECK(!history.tooMany());
  history.crashed(11 * 60'000 + 2);
  CHECK(history.tooMany());
}

TEST_CASE("a version that crashes too often is quarantined, over restarts, until released") {
  WildHouse house;
  house.start();
  auto instance = house.instance();
  for (size_t i = 0; i < limits::kConnectorCrashesMax; ++i) {
    CHECK(house.tellPatiently(*instance, "abort").starts_with("connector-crash: "));
  }
  const auto verdict = house.handle(*instance, "echo:x");
  REQUIRE(!verdict);
  CHECK(plugin::isFinalVerdict(verdict.error()));
  CHECK(verdict.error().message.starts_with(
      "connector-quarantined: wild 1.0.0: 5 crashes in 10 minutes"));
  CHECK(house.saved.contains("wild@1.0.0"));
  CHECK(house.connector->runsIn().starts_with("quarantined: "));

  instance.reset();
  house.restart();
  instance = house.instance();
  CHECK(house.tell(*instance, "echo:x").starts_with("connector-quarantined: "));

  CHECK(!house.supervisor->release("other"));
  REQUIRE(house.supervisor->release("wild"));
  CHECK(house.saved.empty());
  CHECK(house.tell(*instance, "echo:x") == "\"x\"");
}

TEST_CASE("another version is not in quarantine with its predecessor") {
  WildHouse house;
  house.saved["wild@1.0.0"] = "5 crashes";
  house.start();
  CHECK(house.tell(*house.instance(), "echo:x").starts_with("connector-quarantined: "));
  REQUIRE(house.open("two/wild-next.so"));
  CHECK(house.tell(*house.instance(), "echo:x") == "\"x\"");
}

}  // namespace junctor::testing
