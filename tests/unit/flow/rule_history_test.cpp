#include "flow/rule_history.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "support/manual_clock.h"
#include "support/temp_folder.h"

namespace junctor::flow {
namespace {

class House {
 public:
  House() {
    store::StoreOptions options;
    options.data_dir = folder_.path();
    options.low_space_bytes = 1;
    auto opened = store::open("sqlite", options, clock_);
    REQUIRE(opened);
    store_ = std::move(*opened);
  }

  static RuleScript script(const std::string& version, const std::string& name = "route") {
    return {"acme", name, "-- " + version, version};
  }
  static Tenant tenant(std::vector<RuleScript> rules) {
    Tenant made;
    made.id = "acme";
    made.rules = std::move(rules);
    return made;
  }
  RuleHistory history() { return {*store_, clock_}; }
  void goLive(const Tenant* before, const Tenant& after) {
    clock_.pass(std::chrono::seconds(1));
    REQUIRE(history().record(before, after));
  }
  std::string states(const Tenant& now, const std::string& name = "route") {
    auto versions = history().versions(now, name);
    REQUIRE(versions);
    std::string all;
    for (const RuleVersion& one : *versions) {
      all += one.script.version + " " + std::string(toString(one.state)) + ";";
    }
    return all;
  }
  // An event and a delivery of a flow that began with that version.
  void begin(const std::string& rule_version) {
    IdSource ids(clock_);
    auto request = std::make_shared<RawRequest>();
    request->id = ids.nextEvent();
    request->tenant = "acme";
    Event event;
    event.id = event.request_id = request->id;
    event.tenant = "acme";
    Delivery delivery;
    delivery.id = ids.nextDelivery();
    delivery.event_id = event.id;
    delivery.tenant = "acme";
    delivery.destination = "flow:x";
    delivery.rule_version = rule_version;
    store_->append(request, nullptr);
    store_->flush();
    store_->finish({request->id, {event}, {delivery}}, nullptr);
    store_->flush();
  }

 private:
  testing::TempFolder folder_;
  testing::ManualClock clock_;
  std::unique_ptr<store::Store> store_;
};

TEST_CASE("what was live is retired, and the one before is found for a rollback", "[flow][rules]") {
  House house;
  const Tenant first = House::tenant({House::script("aaaa1111")});
  const Tenant second = House::tenant({House::script("bbbb2222")});
  const Tenant third = House::tenant({House::script("cccc3333")});
  house.goLive(nullptr, first);
  CHECK_FALSE(house.history().previous(first, "route"));
  house.goLive(&first, second);
  house.goLive(&second, third);
  CHECK(house.states(third) == "cccc3333 live;bbbb2222 retired;aaaa1111 retired;");
  auto previous = house.history().previous(third, "route");
  REQUIRE(previous);
  CHECK(previous->script.source == "-- bbbb2222");
  // Back, and back again.
  house.goLive(&third, second);
  previous = house.history().previous(second, "route");
  REQUIRE(previous);
  CHECK(previous->script.version == "cccc3333");
}

TEST_CASE("drafts and shadows are told apart, a version is found by its first digits",
          "[flow][rules]") {
  House house;
  Tenant now = House::tenant({House::script("aaaa1111")});
  house.goLive(nullptr, now);
  REQUIRE(house.history().draft("acme", House::script("abab2222"), "why"));
  REQUIRE(house.history().draft("acme", House::script("cccc3333"), ""));
  now.shadows = {House::script("cccc3333")};
  CHECK(house.states(now) == "aaaa1111 live;abab2222 draft;cccc3333 shadow;");
  CHECK(house.history().find(now, "route", "abab")->note == "why");
  CHECK_FALSE(house.history().find(now, "route", "aba"));
  CHECK_FALSE(house.history().find(now, "route", "ffff"));
  CHECK_FALSE(house.history().find(now, "other", "abab"));
}

TEST_CASE("a draft of the same content is the same version", "[flow][rules]") {
  House house;
  const Tenant now = House::tenant({House::script("aaaa1111")});
  house.goLive(nullptr, now);
  REQUIRE(house.history().draft("acme", House::script("aaaa1111"), "again"));
  CHECK(house.states(now) == "aaaa1111 live;");
}

TEST_CASE("a script that is no longer applied is retired", "[flow][rules]") {
  House house;
  const Tenant before = House::tenant({House::script("aaaa1111"), House::script("dddd4444", "x")});
  const Tenant after = House::tenant({House::script("aaaa1111")});
  house.goLive(nullptr, before);
  house.goLive(&before, after);
  CHECK(house.states(after, "x") == "dddd4444 retired;");
  CHECK(house.states(after) == "aaaa1111 live;");
}

TEST_CASE("old versions go, those in use stay", "[flow][rules]") {
  House house;
  Tenant before = House::tenant({House::script("00000000")});
  house.goLive(nullptr, before);
  for (size_t i = 1; i <= limits::kRuleVersionsKeptMax + 5; ++i) {
    const Tenant after = House::tenant({House::script("v" + std::to_string(10000000 + i))});
    house.goLive(&before, after);
    before = after;
  }
  const auto versions = house.history().versions(before, "route");
  REQUIRE(versions);
  CHECK(versions->size() <= limits::kRuleVersionsKeptMax + 2);
  CHECK(versions->front().state == RuleState::Live);
  CHECK_FALSE(house.history().find(before, "route", "00000000"));
}

TEST_CASE("a version that a flow under way began with stays", "[flow][rules]") {
  House house;
  Tenant before = House::tenant({House::script("00000000")});
  house.goLive(nullptr, before);
  house.begin("route@00000000");
  for (size_t i = 1; i <= limits::kRuleVersionsKeptMax + 5; ++i) {
    const Tenant after = House::tenant({House::script("v" + std::to_string(10000000 + i))});
    house.goLive(&before, after);
    before = after;
  }
  CHECK(house.history().find(before, "route", "00000000"));
  CHECK_FALSE(house.history().find(before, "route", "v10000001"));
}

}  // namespace
}  // namespace junctor::flow
