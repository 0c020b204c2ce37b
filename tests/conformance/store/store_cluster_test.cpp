// Several nodes over one database: who works on what, and what a node that was taken for dead may
// still write.
#include <atomic>
#include <map>
#include <set>

#include "base/limits.h"
#include "base/random.h"
#include "base/threads.h"
#include "postgres_engine.h"
#include "store/postgres/schema.h"
#include "store_house.h"

namespace junctor::testing {
namespace {

using store::DueStep;
using S = DeliveryState;

// Two nodes; the verbs of StoreHouse act on the first.
struct Cluster : StoreHouse {
  Cluster() { second = join("second"); }
  std::unique_ptr<store::Store> join(const std::string& name) {
    store::StoreOptions options;
    options.node = name;
    auto opened = openEngine(folder(), options, clock);
    REQUIRE(opened);
    return *std::move(opened);
  }
  static std::vector<RawRequestPtr> inbox(store::Store& node) {
    auto found = node.inbox(1'000, limits::kWindowBytesMax, nullptr);
    REQUIRE(found);
    return *found;
  }
  std::vector<Delivery> due(store::Store& node, size_t limit = 1'000) {
    std::vector<Delivery> found;
    REQUIRE(node.due(clock.unixMs(), "", [&](Delivery delivery) {
      if (found.size() == limit) return DueStep::Stop;
      found.push_back(std::move(delivery));
      return DueStep::Next;
    }));
    return found;
  }
  static Result<void> record(store::Store& node, const store::AttemptRecord& record) {
    return wait<void>([&](auto done) {
      node.record(std::make_shared<const store::AttemptRecord>(record), std::move(done));
    });
  }
  // What another node does to one that fell silent.
  void fence(store::Store& node) {
    database.run("WITH dead AS (DELETE FROM node WHERE lane = " + std::to_string(node.lane()) +
                 " RETURNING epoch), freed AS (UPDATE inbox SET epoch = 0 WHERE epoch IN"
                 " (SELECT epoch FROM dead)) UPDATE delivery SET epoch = 0 WHERE epoch IN"
                 " (SELECT epoch FROM dead)");
  }

  TestDatabase database{folder()};
  std::unique_ptr<store::Store> second;
};

TEST_CASE("nodes have different lanes, so that their ids differ") {
  Cluster cluster;
  CHECK(cluster.store->lane() >= 0);
  CHECK(cluster.second->lane() >= 0);
  CHECK(cluster.store->lane() != cluster.second->lane());
}

TEST_CASE("what a node took in is its own until it leaves") {
  Cluster cluster;
  const auto raw = cluster.request("d-1");
  const auto appended = cluster.append(raw);
  REQUIRE(appended);
  CHECK(appended->claim > 0);
  CHECK(Cluster::inbox(*cluster.second).empty());
  CHECK(Cluster::inbox(*cluster.store).size() == 1);
  cluster.close();
  const auto taken = Cluster::inbox(*cluster.second);
  REQUIRE(taken.size() == 1);
  CHECK(taken.front()->id == raw->id);
  CHECK(taken.front()->claim > 0);
}

TEST_CASE("a request that two nodes bring at once is stored once") {
  Cluster cluster;
  constexpr int kIds = 300;
  std::atomic<int> firsts = 0, answers = 0;
  std::vector<EventId> ids[2];
  for (auto& list : ids) list.resize(kIds);
  for (int i = 0; i < kIds; ++i) {
    int node = 0;
    for (store::Store* at : {cluster.store.get(), cluster.second.get()}) {
      at->append(cluster.request("id-" + std::to_string(i)),
                 [&, i, node](Result<store::Appended> answer) {
                   if (!answer) return;
                   ++answers;
                   firsts += answer->duplicate ? 0 : 1;
                   ids[node][static_cast<size_t>(i)] = answer->id;
                 });
      ++node;
    }
  }
  cluster.store->flush();
  cluster.second->flush();
  CHECK(answers == 2 * kIds);
  CHECK(firsts == kIds);
  CHECK(ids[0] == ids[1]);
  CHECK(cluster.second->ledger("acme")->requests == kIds);
}

TEST_CASE("a delivery is offered to one node alone") {
  Cluster cluster;
  std::vector<Delivery> made;
  for (int i = 0; i < 300; ++i) {
    made.push_back(cluster.deliver("d-" + std::to_string(i)));
    auto failed = cluster.attemptOf(made.back(), 1, S::Pending);
    failed.next_at_ms = cluster.clock.unixMs();
    REQUIRE(cluster.StoreHouse::record(failed));  // now it is nobody's
  }
  const auto first = cluster.due(*cluster.store, 100);
  const auto second = cluster.due(*cluster.second);
  CHECK(first.size() == 100);
  CHECK(second.size() == 200);
  std::set<DeliveryId> all;
  for (const auto& list : {first, second}) {
    for (const Delivery& delivery : list) all.insert(delivery.id);
  }
  CHECK(all.size() == 300);
  CHECK(cluster.due(*cluster.store).size() == 100);  // its own again, and no others
}

TEST_CASE("a node that was taken for dead writes nothing under its old claims") {
  Cluster cluster;
  const Delivery planned = cluster.deliver("d-1");
  const auto raw = cluster.request("d-2");
  const auto appended = cluster.append(raw);
  REQUIRE(appended);
  const auto mine = cluster.due(*cluster.store);
  REQUIRE(mine.size() == 1);
  std::atomic<int> lost = 0;
  store::Store::Watcher watcher;
  watcher.lost = [&] { ++lost; };
  cluster.store->watch(watcher);

  cluster.fence(*cluster.store);
  auto record = cluster.attemptOf(planned, 1, S::Delivered);
  record.claim = mine.front().claim;
  while (true) {  // until it has joined again, it can write nothing at all
    const auto refused = Cluster::record(*cluster.store, record);
    REQUIRE_FALSE(refused);
    if (refused.error().code == ErrorCode::InvalidArgument) break;
    CHECK(refused.error().code == ErrorCode::Unavailable);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(lost > 0);
  store::FlowOutcome outcome{raw->id, {StoreHouse::eventOf(*raw)}, {}};
  outcome.claim = appended->claim;
  CHECK(cluster.finish(outcome).error().code == ErrorCode::NotFound);
  CHECK(cluster.stored(planned).state == S::Pending);
  CHECK(cluster.store->listAttempts(planned.id)->empty());

  const auto taken = cluster.due(*cluster.second);
  REQUIRE(taken.size() == 1);
  CHECK(taken.front().claim != record.claim);
  record.claim = taken.front().claim;
  CHECK(Cluster::record(*cluster.second, record));
  record.attempt.number = 2;
  record.claim = mine.front().claim;
  CHECK_FALSE(Cluster::record(*cluster.store, record));
  cluster.store->watch({});
}

TEST_CASE("what a node is about to send is not discarded on another") {
  Cluster cluster;
  const Delivery planned = cluster.deliver("d-1");
  const auto discarded = StoreHouse::wait<void>([&](auto done) {
    cluster.second->setDeliveryState(planned.id, S::Discarded, 0, "no", std::move(done));
  });
  CHECK(discarded.error().code == ErrorCode::AlreadyExists);
  CHECK(cluster.setState(planned, S::Discarded));
}

TEST_CASE("a second node of one name replaces the first at once") {
  StoreHouse house;
  const auto raw = house.request("d-1");
  REQUIRE(house.append(raw));
  auto again = openEngine(house.folder(), {}, house.clock);  // the same folder, the same name
  REQUIRE(again);
  CHECK(Cluster::inbox(**again).size() == 1);
}

TEST_CASE("documents that change on one node are told to the others") {
  Cluster cluster;
  std::promise<std::string> told;
  store::Store::Watcher watcher;
  watcher.kinds = {"tenant"};
  watcher.documents = [&, once = false](const std::string& kind) mutable {
    if (!std::exchange(once, true)) told.set_value(kind);
  };
  store::Store::Watcher of_first;
  of_first.kinds = {"tenant"};
  cluster.store->watch(of_first);
  cluster.second->watch(watcher);
  REQUIRE(cluster.store->putDocument("other", "acme", "{}"));
  REQUIRE(cluster.store->putDocument("tenant/rules", "acme", "{}"));
  CHECK(told.get_future().get() == "tenant");
  cluster.second->watch({});
}

TEST_CASE("what is done exclusively is done by one node at a time") {
  Cluster cluster;
  std::atomic<int> inside = 0, together = 0, done = 0;
  {
    std::vector<Thread> threads;
    for (store::Store* node : {cluster.store.get(), cluster.second.get()}) {
      threads.emplace_back("exclusive", [&, node] {
        for (int i = 0; i < 20; ++i) {
          const auto ran = node->exclusively("job", [&]() -> Result<void> {
            if (++inside != 1) ++together;
            std::this_thread::yield();
            --inside;
            return {};
          });
          done += ran ? 1 : 0;
        }
      });
    }
  }
  CHECK(together == 0);
  CHECK(done == 40);
}

TEST_CASE("an order key holds over nodes: never two due, none forgotten") {
  Cluster cluster;
  SeededRandom random(11);
  std::map<DeliveryId, Delivery> open;
  int made = 0;
  for (int round = 0; round < 60 || !open.empty(); ++round) {
    REQUIRE(round < 500);
    for (int i = 0; round < 60 && i < 6; ++i) {  // both nodes plan at once
      const auto raw = cluster.request("d-" + std::to_string(++made));
      store::Store& node = random.next() % 2 ? *cluster.store : *cluster.second;
      REQUIRE(
          StoreHouse::wait<store::Appended>([&](auto done) { node.append(raw, std::move(done)); }));
      Delivery delivery = cluster.deliveryOf(StoreHouse::eventOf(*raw));
      delivery.order_key = "k" + std::to_string(random.next() % 3);
      open.emplace(delivery.id, delivery);
      node.finish({raw->id, {StoreHouse::eventOf(*raw)}, {delivery}}, nullptr);
    }
    cluster.store->flush();
    cluster.second->flush();
    std::map<std::string, int> per_key;
    std::vector<std::pair<store::Store*, Delivery>> due;
    for (store::Store* node : {cluster.store.get(), cluster.second.get()}) {
      for (const Delivery& delivery : cluster.due(*node)) due.emplace_back(node, delivery);
    }
    for (const auto& [node, delivery] : due) {
      REQUIRE(++per_key[delivery.order_key] == 1);
      auto record = cluster.attemptOf(delivery, delivery.attempts + 1,
                                      random.next() % 4 ? S::Delivered : S::Pending);
      record.claim = delivery.claim;
      if (record.state == S::Delivered) open.erase(delivery.id);
      node->record(std::make_shared<const store::AttemptRecord>(record), nullptr);
    }
    cluster.store->flush();
    cluster.second->flush();
    cluster.clock.pass(std::chrono::seconds(6));
  }
  CHECK(cluster.store->ledger("acme")->deliveries[static_cast<int>(S::Delivered)] == made);
}

TEST_CASE("every table is protected, and a session sees its tenant's rows alone") {
  Cluster cluster;
  cluster.deliver("d-1", "acme");
  cluster.deliver("d-2", "globex");
  TestDatabase& database = cluster.database;
  CHECK(database.number("SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND"
                        " relnamespace = current_schema()::regnamespace AND"
                        " NOT (relrowsecurity AND relforcerowsecurity)") == 0);
  const auto policies = database.number(
      "SELECT count(DISTINCT tablename) FROM pg_policies WHERE schemaname = current_schema()");
  const auto tables = database.number(
      "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND"
      " relnamespace = current_schema()::regnamespace");
  CHECK(policies == tables);
  for (const std::string table :
       {"request", "event", "delivery", "inbox", "parked", "counter", "dedupe"}) {
    INFO(table);
    const std::string count = "SELECT count(*) FROM " + table;
    const auto all = database.number(count);
    database.run("SET junctor.host = ''");
    CHECK(database.number(count) == 0);  // nobody said who he is
    database.run("SET junctor.tenant = 'acme'");
    const auto own = database.number(count);
    CHECK(database.number(count + " WHERE tenant_id <> 'acme'") == 0);
    CHECK(database.fails("UPDATE " + table + " SET tenant_id = 'globex'") == (own > 0));
    database.run("RESET junctor.tenant; SET junctor.host = 'on'");
    CHECK(own <= all);
    if (table != "inbox" && table != "parked") CHECK(own < all);
  }
  CHECK(database.number("SELECT count(*) FROM token") == 0);
  database.run("SET junctor.host = ''; SET junctor.tenant = 'acme'");
  CHECK(database.fails("INSERT INTO token VALUES ('t', 'h', '', 'owner', 0, 0)"));
  CHECK(database.fails("INSERT INTO inbox VALUES ('globex', 1, 1, 0)"));
}

TEST_CASE("requests and events of a day lie in tables of that day") {
  StoreHouse house;
  house.deliver("d-1");
  TestDatabase database{house.folder()};
  CHECK(database.number("SELECT count(*) FROM request_other") == 0);
  CHECK(database.number("SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r' AND"
                        " relnamespace = current_schema()::regnamespace") == 6);
}

TEST_CASE("dedupe keys that left their window are deleted, the others stay") {
  StoreHouse house;
  REQUIRE(house.append(house.request("old")));
  house.clock.pass(std::chrono::hours(1));
  REQUIRE(house.append(house.request("young")));
  auto opened = store::postgres::Connection::open(locationOf(house.folder()), systemClock(), true);
  REQUIRE(opened);
  const int64_t between = (house.clock.unixMs() - 60'000) << 12;
  REQUIRE(store::postgres::pruneDedupe(**opened, between));
  TestDatabase database{house.folder()};
  CHECK(database.number("SELECT count(*) FROM dedupe") == 1);
  CHECK(house.append(house.request("young"))->duplicate);
}

TEST_CASE("a password is shown to nobody") {
  CHECK(store::withoutPassword("postgres://u:secret@h:5432/d?sslmode=require") ==
        "postgres://u:***@h:5432/d?sslmode=require");
  CHECK(store::withoutPassword("postgres://u@h/d?password=secret&x=1") ==
        "postgres://u@h/d?password=***&x=1");
  CHECK(store::withoutPassword("postgres://u@h/d") == "postgres://u@h/d");
  CHECK(store::withoutPassword("sqlite:/a/b.db") == "sqlite:/a/b.db");
  ManualClock clock;
  const auto opened = store::open("postgres://u:secret@/d?host=/nowhere", {}, clock);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::Unavailable);
  CHECK(opened.error().message.find("secret") == std::string::npos);
  CHECK(store::open("postgres://u@h/d?lease_ms=0", {}, clock).error().code ==
        ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace junctor::testing
