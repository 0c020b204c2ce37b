// Bytes that changed on the disk are found before anybody acts on them.
#include <map>

#include "base/limits.h"
#include "conformance/store/sqlite_meddle.h"

namespace junctor::testing {
namespace {

TEST_CASE("a damaged body, header or address is an error, not an event") {
  for (const std::string sql :
       {"UPDATE request SET body = CAST('{\"a\":2}' AS BLOB)", "UPDATE request SET body = NULL",
        "UPDATE request SET headers = substr(headers, 2)", "UPDATE request SET url = url || 'x'",
        "UPDATE request SET method = 'GET'", "UPDATE request SET checksum = checksum + 1"}) {
    StoreHouse house;
    const auto raw = house.request("d-1", "{\"a\":1}");
    REQUIRE(house.append(raw));
    meddle(house, sql);
    INFO(sql);
    CHECK(house.store->loadRequest("acme", raw->id).error().code == ErrorCode::DataLoss);
  }
}

TEST_CASE("a damaged request on the inbox does not hold the others up") {
  StoreHouse house;
  std::vector<RawRequestPtr> requests;
  for (int i = 0; i < 3; ++i) {
    requests.push_back(house.request("d-" + std::to_string(i)));
    REQUIRE(house.append(requests.back()));
  }
  meddle(house, "UPDATE request SET body = x'00' WHERE dedupe_key = 'd-1'");
  const auto inbox = house.store->inbox(10, limits::kWindowBytesMax, nullptr);
  REQUIRE(inbox);
  REQUIRE(inbox->size() == 2);
  CHECK(inbox->front()->id == requests[0]->id);
  CHECK(inbox->back()->id == requests[2]->id);
}

TEST_CASE("a damaged event is an error where it is used and left out where it is listed") {
  StoreHouse house;
  const Delivery first = house.deliver("d-1");
  const Delivery second = house.deliver("d-2");
  meddle(house, "UPDATE event SET type = 'other' WHERE source_event_id = 'd-2'");
  CHECK(house.store->loadEvent("acme", first.event_id));
  CHECK(house.store->loadEvent("acme", second.event_id).error().code == ErrorCode::DataLoss);
  CHECK(house.store->listEvents({.tenant = "acme"})->items.size() == 1);
}

TEST_CASE("the ledger's check rings for every way in which rows and counters may part") {
  const std::map<std::string, std::string> damage = {
      {"DELETE FROM delivery WHERE key = (SELECT max(key) FROM delivery)", "accepted"},
      {"DELETE FROM delivery WHERE key = (SELECT min(key) FROM delivery)", "accepted"},
      {"UPDATE delivery SET state = 3 WHERE key = (SELECT min(key) FROM delivery)", "pending"},
      {"UPDATE delivery SET state = 5 WHERE key = (SELECT min(key) FROM delivery)", "dead"},
      {"UPDATE counter SET accepted = accepted + 1", "accepted"},
      {"UPDATE counter SET delivered = delivered + 1", "delivered"},
      {"DELETE FROM counter", "accepted"},
      {"DELETE FROM inbox", "inbox"},
      {"DELETE FROM delivery WHERE state = 0", "has no delivery"},
  };
  for (const auto& [sql, what] : damage) {
    StoreHouse house;
    for (int i = 0; i < 5; ++i) house.deliver("d-" + std::to_string(i));
    house.clock.pass(std::chrono::minutes(5));
    REQUIRE(house.append(house.request("later")));
    const Delivery last = house.deliver("last");
    REQUIRE(house.record(house.attemptOf(last, 1, DeliveryState::Delivered)));
    meddle(house, sql);
    store::LedgerPass pass;
    while (!pass.complete) REQUIRE(house.store->checkLedger(pass, 2));
    INFO(sql);
    REQUIRE_FALSE(pass.found.empty());
    bool named = false;
    for (const auto& one : pass.found) {
      named |= one.tenant == "acme" && one.what.find(what) != std::string::npos;
    }
    CHECK(named);
  }
}

TEST_CASE("a state that is no state is read as dead") {
  StoreHouse house;
  const Delivery delivery = house.deliver("d-1");
  meddle(house, "UPDATE delivery SET state = 77");
  CHECK(house.stored(delivery).state == DeliveryState::Dead);
}

TEST_CASE("a file that is no database is refused") {
  TempFolder folder;
  folder.write("junctor.db", std::string(10'000, 'x'));
  ManualClock clock;
  const auto opened = openEngine(folder.path(), {}, clock);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::DataLoss);
}

}  // namespace
}  // namespace junctor::testing
