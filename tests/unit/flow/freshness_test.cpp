#include "flow/freshness.h"

#include <catch2/catch.hpp>

#include "flow/failing.h"
#include "flow/notice.h"
#include "flow/planner.h"
#include "model/trail.h"
#include "support/manual_clock.h"

namespace junctor::testing {
namespace {

Event eventOf(const std::string& id, std::optional<int64_t> sequence, int64_t at_ms = 0) {
  Event event;
  event.integration = "hub";
  event.resource = {"ticket", id};
  event.sequence = sequence;
  event.occurred_at_ms = at_ms;
  return event;
}

}  // namespace

TEST_CASE("an event older than the newest of its resource is stale") {
  flow::Freshness freshness(100);
  CHECK_FALSE(freshness.see(eventOf("7", 3)));
  CHECK_FALSE(freshness.see(eventOf("7", 5)));
  CHECK(freshness.see(eventOf("7", 4)));
  CHECK_FALSE(freshness.see(eventOf("7", 5)));  // the same once more is no older
  CHECK_FALSE(freshness.see(eventOf("8", 1)));  // another resource
  CHECK(freshness.stale(eventOf("7", 3)));
  CHECK_FALSE(freshness.stale(eventOf("7", 5)));
}

TEST_CASE("without a sequence the time it happened decides") {
  flow::Freshness freshness(100);
  CHECK_FALSE(freshness.see(eventOf("7", std::nullopt, 2'000)));
  CHECK(freshness.see(eventOf("7", std::nullopt, 1'000)));
  CHECK_FALSE(freshness.see(eventOf("7", std::nullopt, 0)));  // nothing to judge it by
  CHECK_FALSE(freshness.see(eventOf("7", 1)));                // cannot be compared with a time
}

TEST_CASE("an event without a resource is never stale, and the memory is bounded") {
  flow::Freshness freshness(10);
  Event none = eventOf("", 5);
  CHECK_FALSE(freshness.see(none));
  CHECK(freshness.size() == 0);
  for (int i = 0; i < 1'000; ++i) {
    freshness.see(eventOf("hot", 100));
    freshness.see(eventOf(std::to_string(i), 1));
  }
  CHECK(freshness.size() == 10);
  CHECK(freshness.stale(eventOf("hot", 99)));  // what is seen often stays
}

TEST_CASE("an integration is in error after five dead letters in a row, and told so once") {
  flow::Failing failing(5);
  for (int i = 0; i < 4; ++i) CHECK_FALSE(failing.note("acme", "hub", 100 + i, "connector-crash"));
  CHECK_FALSE(failing.find("hub"));
  const auto begun = failing.note("acme", "hub", 104, "connector-crash");
  REQUIRE(begun);
  CHECK_FALSE(begun->over);
  CHECK(begun->since_ms == 100);
  CHECK_FALSE(failing.note("acme", "hub", 105, "connector-crash"));
  CHECK(failing.find("hub"));
  const auto over = failing.note("acme", "hub", 106, "");
  REQUIRE(over);
  CHECK(over->over);
  CHECK(over->since_ms == 100);
  CHECK_FALSE(failing.find("hub"));
  CHECK_FALSE(failing.note("acme", "hub", 107, ""));
}

TEST_CASE("one request that works starts the count again") {
  flow::Failing failing(5);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4; ++i) CHECK_FALSE(failing.note("acme", "hub", 1, "x"));
    CHECK_FALSE(failing.note("acme", "hub", 1, ""));
  }
}

TEST_CASE("a notice travels like what a flow emits, under a key that tells it once") {
  ManualClock clock;
  IdSource ids(clock);
  const flow::Notice notice{"acme",  "junctor.destination.error", "destination", "crm",
                            "crm/1", R"({"name":"crm"})"};
  const auto request = flow::requestOf(notice, ids, clock);
  CHECK(request->tenant == "acme");
  CHECK(request->connector == flow::Planner::kEmitted);
  CHECK(request->body == R"({"type":"junctor.destination.error","resource":{"type":"destination",)"
                         R"("id":"crm"},"data":{"name":"crm"}})");
  CHECK(flow::requestOf(notice, ids, clock)->dedupe_key == request->dedupe_key);
}

TEST_CASE("a rule that would send the same way again is a loop, and its rules are named") {
  const std::string there = hopOf("acme", "all", "crm"), back = hopOf("acme", "to self", "self");
  Headers headers;
  CHECK_FALSE(loopIn(headers, there));
  headers = {{"junctor-trail", trailWith(headers, there)}};
  CHECK_FALSE(loopIn(headers, back));
  headers = {{"Junctor-Trail", trailWith(headers, back)}};
  CHECK(loopIn(headers, there) == "all > crm, to self > self");
  CHECK(loopIn(headers, back) == "to self > self");
  CHECK_FALSE(loopIn(headers, hopOf("globex", "all", "crm")));  // another tenant's rule
  CHECK(there.find("acme") == std::string::npos);
  CHECK(rulesIn(headers) == "all > crm, to self > self");
  CHECK(rulesIn({}).empty());
}

TEST_CASE("a trail is bounded and a forged one breaks nothing") {
  Headers headers;
  for (int i = 0; i < 500; ++i) {
    headers = {
        {"Junctor-Trail", trailWith(headers, hopOf("acme", "rule" + std::to_string(i), "d"))}};
    REQUIRE(headers[0].second.size() <= kTrailBytesMax);
  }
  CHECK(loopIn(headers, hopOf("acme", "rule499", "d")));
  CHECK_FALSE(loopIn(headers, hopOf("acme", "rule0", "d")));
  for (const std::string forged : {",", ",,,,", ">", ".>.", "%%%", " , x", "a.b>%zz"}) {
    const Headers one = {{"Junctor-Trail", forged}};
    CHECK_FALSE(loopIn(one, hopOf("acme", "all", "crm")));
    CHECK(trailWith(one, "h").ends_with("h"));
  }
}

}  // namespace junctor::testing
