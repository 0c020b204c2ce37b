// A disk that fails: nothing is acknowledged that is not there afterwards.
#include "faulty_disk.h"

#include <mutex>

#include "conformance/store/store_house.h"

namespace junctor::testing {
namespace {

struct Run {
  std::vector<EventId> acked;
  bool failed = false;
  bool acked_after_failure = false;
};

Run appendMany(StoreHouse& house, int count) {
  Run run;
  for (int i = 0; i < count; ++i) {
    const auto raw = house.request("d-" + std::to_string(i));
    const auto answer = house.append(raw);
    if (answer) {
      run.acked.push_back(raw->id);
      run.acked_after_failure |= run.failed;
    } else {
      CHECK(answer.error().code == ErrorCode::Unavailable);
      run.failed = true;
    }
  }
  return run;
}

TEST_CASE("after a failed fsync nothing is acknowledged, and a restart finds what was") {
  for (int n = 1; n <= 30; ++n) {
    FaultyDisk disk;
    StoreHouse house;
    disk.failSync(n);
    const Run run = appendMany(house, 40);
    INFO("fsync " << n);
    CHECK(run.failed);
    CHECK_FALSE(run.acked_after_failure);
    CHECK(house.store->health() == store::Health::Failing);
    CHECK(house.store->putDocument("a", "b", "c").error().code == ErrorCode::Unavailable);
    house.reopen();
    CHECK(house.store->health() == store::Health::Ok);
    for (const EventId id : run.acked) CHECK(house.store->loadRequest("acme", id));
    CHECK(house.append(house.request("after")));
  }
}

TEST_CASE("a full disk fails the batch, acknowledges nothing of it, and heals") {
  FaultyDisk disk;
  StoreHouse house;
  const Delivery delivery = house.deliver("before");
  disk.setFull(true);
  std::vector<Result<store::Appended>> answers;
  std::mutex mutex;  // the first batch is answered by the writer, what comes later on this thread
  for (int i = 0; i < 50; ++i) {
    house.store->append(house.request("d-" + std::to_string(i), "{}", "new-tenant"),
                        [&](Result<store::Appended> r) {
                          const std::lock_guard lock(mutex);
                          answers.push_back(std::move(r));
                        });
  }
  house.store->flush();
  REQUIRE(answers.size() == 50);
  for (const auto& answer : answers) CHECK(answer.error().code == ErrorCode::Unavailable);
  CHECK(house.store->health() == store::Health::LowSpace);
  CHECK(house.store->ledger("")->requests == 1);

  disk.setFull(false);
  house.clock.pass(std::chrono::seconds(2));
  REQUIRE(house.record(house.attemptOf(delivery, 1, DeliveryState::Delivered)));
  house.store->flush();
  CHECK(house.store->health() == store::Health::Ok);
  // What failed left nothing behind: neither keys nor names.
  const auto again = house.request("d-0", "{}", "new-tenant");
  CHECK_FALSE(house.append(again)->duplicate);
  house.reopen();
  CHECK((*house.store->loadRequest("new-tenant", again->id))->tenant == "new-tenant");
  CHECK(house.store->ledger("")->requests == 2);
}

TEST_CASE("an idle store notices by itself that there is space again") {
  FaultyDisk disk;
  StoreHouse house;
  disk.setFull(true);
  CHECK_FALSE(house.append(house.request("d-1")));
  disk.setFull(false);
  while (house.store->health() != store::Health::Ok) std::this_thread::yield();
  CHECK(house.append(house.request("d-1")));
}

TEST_CASE("every acknowledgement costs an fsync of its own batch") {
  FaultyDisk disk;
  StoreHouse house;
  const int before = FaultyDisk::syncs();
  for (int i = 0; i < 50; ++i) REQUIRE(house.append(house.request("d-" + std::to_string(i))));
  CHECK(FaultyDisk::syncs() - before >= 50);
}

}  // namespace
}  // namespace junctor::testing
