#include "app/ledger_watch.h"

#include "conformance/store/sqlite_meddle.h"

namespace junctor::testing {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a corrupted store rings: metric, problem by tenant; a whole one is silent") {
  StoreHouse house;
  for (int i = 0; i < 20; ++i) house.deliver("d-" + std::to_string(i));
  house.deliver("other", "globex");
  {
    observe::Metrics metrics;
    app::LedgerWatch watch(*house.store, house.clock, metrics);
    CHECK(watch.state("").checked_at_ms == 0);
    for (int i = 0; i < 3; ++i) watch.check();
    CHECK(watch.state("").checked_at_ms == house.clock.unixMs());
    CHECK(watch.state("").problem.empty());
    CHECK(contains(metrics.render(), "junctor_ledger_imbalances 0"));
  }
  meddle(house, "DELETE FROM delivery WHERE key = (SELECT min(key) FROM delivery)");
  observe::Metrics metrics;
  app::LedgerWatch watch(*house.store, house.clock, metrics);
  for (int i = 0; i < 3; ++i) watch.check();
  CHECK(contains(watch.state("acme").problem, "accepted: 20 counted, 19 stored"));
  CHECK(contains(watch.state("").problem, "acme: accepted"));
  CHECK(watch.state("globex").problem.empty());
  CHECK_FALSE(contains(metrics.render(), "junctor_ledger_imbalances 0"));
}

TEST_CASE("the watch follows what is written while it looks") {
  StoreHouse house;
  observe::Metrics metrics;
  app::LedgerWatch watch(*house.store, house.clock, metrics);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 10; ++i) {
      const Delivery one = house.deliver("d-" + std::to_string(round * 10 + i));
      if (i % 2 == 0) REQUIRE(house.record(house.attemptOf(one, 1, DeliveryState::Delivered)));
    }
    house.clock.pass(std::chrono::seconds(40));
    watch.check();
    CHECK(watch.state("").problem.empty());
  }
  CHECK(watch.state("").checked_at_ms > 0);
}

TEST_CASE("a tenant's counts are in the metrics") {
  StoreHouse house;
  house.deliver("d-1");
  observe::Metrics metrics;
  app::LedgerWatch watch(*house.store, house.clock, metrics);
  watch.addGauges("acme");
  watch.addGauges("acme");
  const std::string text = metrics.render();
  CHECK(contains(text, "junctor_ledger_deliveries{tenant=\"acme\",state=\"accepted\"} 1"));
  CHECK(contains(text, "junctor_ledger_deliveries{tenant=\"acme\",state=\"pending\"} 1"));
  CHECK(contains(text, "junctor_ledger_deliveries{tenant=\"acme\",state=\"dead\"} 0"));
}

}  // namespace junctor::testing
