// The chain of audit records: every tampering breaks it, a restart goes on with it.
#include "admin/audit.h"

#include <catch2/catch.hpp>

#include "base/json_value.h"
#include "support/manual_clock.h"
#include "support/temp_folder.h"

namespace junctor::testing {
namespace {

struct House {
  TempFolder folder;
  ManualClock clock;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<admin::AuditLog> log;

  House() { open(); }
  void open() {
    log.reset();
    store.reset();
    store::StoreOptions options;
    options.data_dir = folder.path();
    options.low_space_bytes = 1;
    store = std::move(*store::open("sqlite", options, clock));
    log = std::make_unique<admin::AuditLog>(*store, clock);
  }
  void record(const std::string& path) {
    REQUIRE(log->record({"tok_1", "admin", "", "127.0.0.1", "POST", path, 200}));
  }
  std::vector<Json> all() {
    std::vector<Json> out;
    const auto items = log->list(0, 100'000);
    REQUIRE(items);
    for (const std::string& item : *items) out.push_back(*parseJson(item));
    return out;
  }
};

Result<void> verified(const std::vector<Json>& records) {
  uint64_t next = 1;
  std::string head;
  for (const Json& record : records) JUNCTOR_CHECK(admin::followChain(record, next, head));
  return {};
}

}  // namespace

TEST_CASE("records follow one another over segments and restarts") {
  House house;
  for (int i = 0; i < 600; ++i) {
    house.record("/v1/apply/" + std::to_string(i));
    if (i % 150 == 0 || i == 255 || i == 256) house.open();
  }
  const auto records = house.all();
  REQUIRE(records.size() == 600);
  CHECK(verified(records));
  CHECK(records.back()["path"] == "/v1/apply/599");
}

TEST_CASE("records come in pages, oldest first") {
  House house;
  for (int i = 0; i < 300; ++i) house.record(std::to_string(i));
  const auto page = house.log->list(250, 10);
  REQUIRE(page);
  REQUIRE(page->size() == 10);
  CHECK((*parseJson(page->front()))["number"] == 251);
  CHECK((*parseJson(page->back()))["number"] == 260);
  CHECK(house.log->list(300, 10)->empty());
}

TEST_CASE("a record that is changed, taken out, put in or moved breaks the chain") {
  House house;
  for (int i = 0; i < 20; ++i) house.record("/p/" + std::to_string(i));
  const auto good = house.all();
  REQUIRE(verified(good));
  for (size_t at = 0; at < good.size(); ++at) {
    for (const char* key :
         {"at", "token", "role", "tenant", "from", "method", "path", "hash", "before"}) {
      auto changed = good;
      changed[at][key] = changed[at][key].get<std::string>() + "x";
      CHECK_FALSE(verified(changed));
    }
    auto status = good;
    status[at]["status"] = 403;
    CHECK_FALSE(verified(status));
    if (at + 1 == good.size()) continue;
    auto removed = good;
    removed.erase(removed.begin() + static_cast<long>(at));
    CHECK_FALSE(verified(removed));
    auto moved = good;
    std::swap(moved[at], moved[at + 1]);
    CHECK_FALSE(verified(moved));
    auto doubled = good;
    doubled.insert(doubled.begin() + static_cast<long>(at), good[at]);
    CHECK_FALSE(verified(doubled));
  }
}

TEST_CASE("a changed record with a hash of its own is noticed by the next one") {
  House house;
  for (int i = 0; i < 3; ++i) house.record("/p");
  auto records = house.all();
  records[1]["path"] = "/other";
  records[1]["hash"] = admin::auditHash(records[1]);
  CHECK_FALSE(verified(records));
}

TEST_CASE("two records never read the same") {
  const Json a = {{"token", "ab"}, {"role", "c"}}, b = {{"token", "a"}, {"role", "bc"}};
  CHECK(admin::auditHash(a) != admin::auditHash(b));
}

}  // namespace junctor::testing
