#include <catch2/catch.hpp>

#include <algorithm>

#include "base/limits.h"
#include "quota/quotas.h"
#include "support/manual_clock.h"

namespace junctor::testing {
namespace {

using quota::Alarm;
using quota::Keeper;
using quota::Meter;
using std::chrono::hours;
using std::chrono::milliseconds;

// A keeper with one tenant, "acme", and one integration, "hub"; remembers what was told.
struct Desk {
  explicit Desk(const Quotas& quotas, RateLimit of_integration = {}) {
    auto catalog = std::make_shared<Catalog>();
    Tenant tenant;
    tenant.id = "acme";
    tenant.quotas = quotas;
    tenant.integrations["hub"].rate = of_integration;
    catalog->tenants["acme"] = tenant;
    keeper.adopt(catalog);
  }
  // How many of `count` webhooks are taken; each counts as an event.
  int send(int count) {
    int taken = 0;
    for (int i = 0; i < count; ++i) {
      if (keeper.refuse("acme", "hub")) continue;
      keeper.addEvents("acme", 1);
      ++taken;
    }
    return taken;
  }
  int toldOf(Alarm alarm) const {
    return static_cast<int>(std::count_if(told.begin(), told.end(),
                                          [&](const auto& one) { return one.alarm == alarm; }));
  }

  ManualClock clock;
  std::vector<quota::Told> told;
  Keeper keeper{clock, [this](const quota::Told& one) { told.push_back(one); }};
};

Quotas capped(int64_t soft, int64_t hard, AtCap at) {
  Quotas quotas;
  quotas.events_per_hour = {soft, hard};
  quotas.at_cap = at;
  return quotas;
}

}  // namespace

TEST_CASE("a tenant's rate is kept, and the refused are told how long to wait") {
  Quotas quotas;
  quotas.ingest = {10, std::chrono::seconds(1)};
  Desk desk(quotas);
  CHECK(desk.send(100) == 10);
  const auto refusal = desk.keeper.refuse("acme", "hub");
  REQUIRE(refusal);
  CHECK(refusal->wait_ms == 100);
  desk.clock.pass(milliseconds(500));
  CHECK(desk.send(100) == 5);
  desk.clock.pass(hours(1));
  CHECK(desk.send(100) == 10);  // nothing is saved up
}

TEST_CASE("what an integration's rate refuses does not count against its tenant's") {
  Quotas quotas;
  quotas.ingest = {10, std::chrono::seconds(1)};
  Desk desk(quotas, {120, std::chrono::seconds(60)});
  CHECK(desk.send(50) == 2);
  CHECK_FALSE(desk.keeper.refuse("acme", "another"));
}

TEST_CASE("without limits nothing is refused, parked or dropped") {
  Desk desk({});
  CHECK(desk.send(10'000) == 10'000);
  CHECK(desk.keeper.parkedUntil("acme") == 0);
  CHECK(desk.keeper.dropsBulk("acme").empty());
  CHECK_FALSE(desk.keeper.refuse("stranger", "x"));
  CHECK(desk.told.empty());
}

TEST_CASE("at its cap a tenant that rejects gets 429 until the hour is over") {
  Desk desk(capped(0, 5, AtCap::Reject));
  CHECK(desk.send(20) == 5);
  const auto refusal = desk.keeper.refuse("acme", "hub");
  REQUIRE(refusal);
  const int64_t left = Meter::kHourMs - desk.clock.unixMs() % Meter::kHourMs;
  CHECK(refusal->wait_ms == left);
  CHECK(desk.keeper.parkedUntil("acme") == 0);  // what was accepted is delivered
  desk.clock.pass(milliseconds(left));
  CHECK(desk.send(20) == 5);
}

TEST_CASE("at its cap a tenant that parks takes all and delivers when the hour is over") {
  Desk desk(capped(0, 5, AtCap::Park));
  CHECK(desk.send(20) == 20);
  const int64_t until = desk.keeper.parkedUntil("acme");
  CHECK(until % Meter::kHourMs == 0);
  CHECK(desk.keeper.dropsBulk("acme").empty());
  desk.clock.pass(milliseconds(until - desk.clock.unixMs()));
  CHECK(desk.keeper.parkedUntil("acme") == 0);
}

TEST_CASE("at its cap a tenant that drops bulk says which cap it was") {
  Desk desk(capped(0, 5, AtCap::DropBulk));
  CHECK(desk.keeper.dropsBulk("acme").empty());
  CHECK(desk.send(20) == 20);
  CHECK(desk.keeper.dropsBulk("acme") == "cap: events_per_hour");
}

TEST_CASE("deliveries have a cap of their own") {
  Quotas quotas;
  quotas.deliveries_per_hour = {0, 3};
  Desk desk(quotas);
  for (int i = 0; i < 3; ++i) {
    CHECK(desk.keeper.parkedUntil("acme") == 0);
    desk.keeper.addDelivery("acme");
  }
  CHECK(desk.keeper.parkedUntil("acme") > 0);
  CHECK(desk.keeper.refuse("acme", "hub"));
  CHECK(desk.keeper.usage("acme").capped == "deliveries_per_hour");
}

TEST_CASE("soft and hard caps are told once an hour") {
  Desk desk(capped(3, 5, AtCap::Park));
  desk.send(20);
  CHECK(desk.toldOf(Alarm::Soft) == 1);
  CHECK(desk.toldOf(Alarm::Hard) == 1);
  CHECK(desk.told[0].limit == 3);
  desk.clock.pass(hours(1));
  desk.send(20);
  CHECK(desk.toldOf(Alarm::Soft) == 2);
}

TEST_CASE("a spike over the mean of the hours before is told once") {
  Quotas quotas;
  quotas.spike_ratio = 5;
  Desk desk(quotas);
  desk.send(1'000);  // no history, no spike
  for (int i = 0; i < 5; ++i) {
    desk.clock.pass(hours(1));
    desk.send(100);
  }
  CHECK(desk.told.empty());
  desk.clock.pass(hours(1));
  desk.send(1'200);  // the mean was 250
  CHECK(desk.toldOf(Alarm::Spike) == 0);
  desk.send(200);
  CHECK(desk.toldOf(Alarm::Spike) == 1);
  desk.send(10'000);
  CHECK(desk.toldOf(Alarm::Spike) == 1);
}

TEST_CASE("counts outlive a restart, a damaged record and a clock that is set back") {
  Desk desk(capped(0, 5, AtCap::Reject));
  desk.send(4);
  const auto saved = desk.keeper.changed();
  REQUIRE(saved.size() == 1);
  CHECK(desk.keeper.changed().empty());
  Desk again(capped(0, 5, AtCap::Reject));
  again.keeper.restore(saved[0].first, saved[0].second);
  CHECK(again.send(20) == 1);
  again.keeper.restore("acme", "{\"what\":1}");
  CHECK(again.keeper.usage("acme").now.events == 5);
  const auto refused = again.send(3);
  CHECK(refused == 0);
}

TEST_CASE("a day of hours is kept") {
  Desk desk({});
  for (int i = 0; i < 60; ++i) {
    desk.send(1);
    desk.clock.pass(hours(1));
  }
  CHECK(desk.keeper.usage("acme").hours.size() <= limits::kUsageHours + 1);
}

}  // namespace junctor::testing
