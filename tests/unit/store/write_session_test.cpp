#include "store/sqlite/write_session.h"

#include "conformance/store/store_house.h"
#include "store/sqlite/migrations.h"
#include "store/sqlite/rows.h"

namespace junctor::store {
namespace {

using testing::ManualClock;

// The writer's inside, driven by hand: no thread, no queue.
class Desk {
 public:
  Desk() {
    house.close();
    auto opened = Database::open(house.folder() + "/desk.db", Database::Mode::ReadWrite);
    REQUIRE(opened);
    database = *std::move(opened);
    REQUIRE(migrate(*database, migrations(), house.clock));
    auto made = WriteSession::open(*database, names, {1, 2}, 60'000, house.clock);
    REQUIRE(made);
    session = *std::move(made);
  }
  // Appends with a fingerprint of the test's choice.
  Appended append(const std::string& dedupe_key, uint64_t print) {
    AppendWrite write;
    write.request = house.request(dedupe_key);
    write.headers = encodeHeaders(write.request->headers);
    write.print = print;
    std::vector<Write> batch;
    batch.emplace_back(std::move(write));
    REQUIRE(session->commit(batch));
    return **std::get<AppendWrite>(batch[0]).result;
  }
  int64_t count(const std::string& table) {
    Statement query(*database, "SELECT count(*) FROM " + table);
    REQUIRE(query.row());
    return query.integer(0);
  }

  testing::StoreHouse house;
  std::unique_ptr<Database> database;
  NameTable names;
  std::unique_ptr<WriteSession> session;
};

TEST_CASE("two keys with one fingerprint are two requests") {
  Desk desk;
  const Appended one = desk.append("a", 77);
  const Appended two = desk.append("b", 77);
  CHECK_FALSE(one.duplicate);
  CHECK_FALSE(two.duplicate);
  CHECK(desk.append("a", 77).id == one.id);
  CHECK(desk.append("b", 77).id == two.id);
  CHECK(desk.count("request") == 2);
}

TEST_CASE("dedupe rows that left the window are deleted, the others stay") {
  Desk desk;
  for (int i = 0; i < 20; ++i) desk.append("old-" + std::to_string(i), 100 + i);
  desk.house.clock.pass(std::chrono::seconds(61));
  desk.append("young", 500);
  CHECK(desk.count("dedupe") == 21);
  CHECK(desk.session->pruneDedupe());
  CHECK(desk.count("dedupe") == 1);
  CHECK(desk.session->pruneDedupe());
  CHECK(desk.append("young", 500).duplicate);
  CHECK(desk.count("request") == 21);
}

TEST_CASE("the window is read back as it was written") {
  Desk desk;
  std::vector<Appended> made;
  for (int i = 0; i < 500; ++i) made.push_back(desk.append(std::to_string(i), 1 + i * 7));
  desk.session.reset();
  auto again = WriteSession::open(*desk.database, desk.names, {1, 2}, 60'000, desk.house.clock);
  REQUIRE(again);
  CHECK((*again)->window().size() == 500);
  desk.session = *std::move(again);
  for (int i = 0; i < 500; ++i) CHECK(desk.append(std::to_string(i), 1 + i * 7).id == made[i].id);
}

}  // namespace
}  // namespace junctor::store
