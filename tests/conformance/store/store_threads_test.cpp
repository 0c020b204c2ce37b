// Many threads at one store.
#include <atomic>

#include "base/threads.h"
#include "store_house.h"

namespace junctor::testing {
namespace {

TEST_CASE("a thousand ids sent three times at once are stored once each") {
  StoreHouse house;
  constexpr int kIds = 1'000;
  std::vector<std::vector<Result<store::Appended>>> answers(3);
  {
    std::vector<Thread> senders;
    for (int sender = 0; sender < 3; ++sender) {
      senders.emplace_back("sender", [&, sender] {
        std::vector<std::future<Result<store::Appended>>> waiting;
        for (int i = 0; i < kIds; ++i) {
          auto promise = std::make_shared<std::promise<Result<store::Appended>>>();
          waiting.push_back(promise->get_future());
          house.store->append(
              house.request("id-" + std::to_string(i)),
              [promise](Result<store::Appended> r) { promise->set_value(std::move(r)); });
        }
        for (auto& answer : waiting) answers[sender].push_back(answer.get());
      });
    }
  }
  for (int i = 0; i < kIds; ++i) {
    int firsts = 0;
    for (int sender = 0; sender < 3; ++sender) {
      REQUIRE(answers[sender][i]);
      CHECK(answers[sender][i]->id == answers[0][i]->id);
      firsts += answers[sender][i]->duplicate ? 0 : 1;
    }
    CHECK(firsts == 1);
  }
  CHECK(house.store->ledger("acme")->requests == kIds);
}

TEST_CASE("readers and writers at once see whole transactions") {
  StoreHouse house;
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0, reads = 0;
  std::vector<Thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back("reader", [&] {
      while (!stop) {
        const auto ledger = house.store->ledger("");
        const auto page = house.store->listEvents({.limit = 20});
        if (!ledger || !page) ++torn;
        // finish() stores an event and its delivery together
        if (ledger && ledger->events != ledger->deliveries[0] + ledger->deliveries[3]) ++torn;
        for (const Event& event : page->items) {
          if (!house.store->loadEvent(event.tenant, event.id)) ++torn;
          if (house.store->listDeliveries({.event_id = event.id})->items.size() != 1) ++torn;
        }
        ++reads;
      }
    });
  }
  {
    std::vector<Thread> writers;
    for (int w = 0; w < 3; ++w) {
      writers.emplace_back("writer", [&, w] {
        for (int i = 0; i < 60; ++i) {
          const std::string key = std::to_string(w) + "-" + std::to_string(i);
          const auto raw = house.request(key, "{}", "tenant-" + std::to_string(i % 7));
          if (!house.append(raw)) ++torn;
          const Event event = StoreHouse::eventOf(*raw);
          const Delivery delivery = house.deliveryOf(event, "to-" + std::to_string(i));
          if (!house.finish({raw->id, {event}, {delivery}})) ++torn;
          if (!house.record(house.attemptOf(delivery, 1, DeliveryState::Delivered))) ++torn;
        }
      });
    }
  }
  while (reads < 3) std::this_thread::yield();
  stop = true;
  readers.clear();
  CHECK(torn == 0);
  CHECK(house.store->ledger("")->deliveries[3] == 180);
}

TEST_CASE("completions run in the order of the writes and may write themselves") {
  StoreHouse house;
  std::vector<int> order;
  std::atomic<int> recorded = 0;
  std::vector<RawRequestPtr> requests;
  for (int i = 0; i < 500; ++i) requests.push_back(house.request(std::to_string(i)));
  for (int i = 0; i < 500; ++i) {
    house.store->append(requests[i], [&, i](Result<store::Appended>) {
      order.push_back(i);
      house.store->finish({requests[i]->id, {StoreHouse::eventOf(*requests[i])}, {}},
                          [&](Result<store::FlowStored> r) { recorded += r ? 1 : 0; });
    });
  }
  house.store->flush();  // the appends, hence every finish is queued
  house.store->flush();
  CHECK(recorded == 500);
  CHECK(std::is_sorted(order.begin(), order.end()));
  CHECK(house.store->queuedWrites() == 0);
}

}  // namespace
}  // namespace junctor::testing
