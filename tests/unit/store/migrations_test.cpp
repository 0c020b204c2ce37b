#include "store/sqlite/migrations.h"

#include <catch2/catch.hpp>

#include "conformance/store/store_house.h"

namespace junctor::store {
namespace {

using testing::ManualClock;
using testing::TempFolder;

constexpr std::string_view kBase =
    "CREATE TABLE schema_migration (version INTEGER PRIMARY KEY, name TEXT, checksum INTEGER,"
    " applied_at INTEGER); CREATE TABLE one (x)";

class Workbench {
 public:
  Workbench() { reopen(); }
  void reopen() {
    database_.reset();
    auto opened = Database::open(folder_.path() + "/x.db", Database::Mode::ReadWrite);
    REQUIRE(opened);
    database_ = *std::move(opened);
  }
  Result<void> migrateTo(const std::vector<Migration>& steps) {
    return migrate(*database_, steps, clock_);
  }
  Result<void> check(const std::vector<Migration>& steps) { return checkSchema(*database_, steps); }
  void run(const std::string& sql) { REQUIRE(database_->run(sql)); }
  bool hasTable(const std::string& name) {
    Statement query(*database_, "SELECT 1 FROM sqlite_master WHERE name = ?");
    return query.with(name).row();
  }

 private:
  TempFolder folder_;
  ManualClock clock_;
  std::unique_ptr<Database> database_;
};

const Migration kOne{1, "one", kBase};
const Migration kTwo{2, "two", "CREATE TABLE two (x); INSERT INTO two VALUES (1)"};

TEST_CASE("migrations are applied once, in order, over restarts") {
  Workbench bench;
  REQUIRE(bench.migrateTo({kOne}));
  CHECK(bench.hasTable("one"));
  CHECK_FALSE(bench.hasTable("two"));
  bench.reopen();
  REQUIRE(bench.migrateTo({kOne, kTwo}));
  REQUIRE(bench.migrateTo({kOne, kTwo}));
  CHECK(bench.hasTable("two"));
}

TEST_CASE("a newer schema is refused and left alone") {
  Workbench bench;
  REQUIRE(bench.migrateTo({kOne, kTwo}));
  const auto refused = bench.migrateTo({kOne});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("schema version 2") != std::string::npos);
  CHECK(bench.hasTable("two"));
  CHECK_FALSE(bench.check({kOne}));
}

TEST_CASE("a migration that fails leaves the schema before it") {
  Workbench bench;
  REQUIRE(bench.migrateTo({kOne}));
  const Migration broken{2, "broken", "CREATE TABLE two (x); INSERT INTO nowhere VALUES (1)"};
  CHECK_FALSE(bench.migrateTo({kOne, broken}));
  CHECK_FALSE(bench.hasTable("two"));
  CHECK(bench.migrateTo({kOne, kTwo}));
}

TEST_CASE("a migration that was edited after its release is noticed") {
  Workbench bench;
  REQUIRE(bench.migrateTo({kOne, kTwo}));
  Migration edited = kTwo;
  edited.sql = "CREATE TABLE two (x, y)";
  CHECK(bench.migrateTo({kOne, edited}).error().message.find("migration 2") != std::string::npos);
}

TEST_CASE("a database of another program is refused and left alone") {
  Workbench bench;
  bench.run("CREATE TABLE theirs (x)");
  CHECK(bench.migrateTo({kOne}).error().code == ErrorCode::InvalidArgument);
  CHECK_FALSE(bench.hasTable("one"));
}

TEST_CASE("an older schema is not read as it is") {
  Workbench bench;
  REQUIRE(bench.migrateTo({kOne}));
  CHECK(bench.check({kOne}));
  CHECK(bench.check({kOne, kTwo}).error().code == ErrorCode::Unavailable);
}

TEST_CASE("the migrations of this build are numbered from one without gaps") {
  int expected = 1;
  for (const Migration& step : migrations()) CHECK(step.version == expected++);
}

TEST_CASE("a store with a newer schema does not open") {
  testing::StoreHouse house;
  house.close();
  auto database = Database::open(house.folder() + "/junctor.db", Database::Mode::ReadWrite);
  REQUIRE(database);
  REQUIRE((*database)->run("INSERT INTO schema_migration VALUES (99, 'future', 1, 1)"));
  database = unavailable("closed");
  const auto opened = testing::openEngine(house.folder(), {}, house.clock);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.find("99") != std::string::npos);
}

}  // namespace
}  // namespace junctor::store
