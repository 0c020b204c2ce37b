// The process dies by SIGKILL while it writes: what it acknowledged must be there afterwards.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "base/random.h"
#include "store_house.h"

namespace junctor::testing {
namespace {

#ifndef JUNCTOR_KILL_ROUNDS
#define JUNCTOR_KILL_ROUNDS 30
#endif
constexpr int kRounds = JUNCTOR_KILL_ROUNDS;

struct Ack {
  char what;  // 'a' appended, 'f' finished, 'd' delivered
  EventId event;
  DeliveryId delivery;
};

void tell(int pipe, const Ack& ack) {
  (void)!::write(pipe, &ack, sizeof ack);
}

// One request through all three writes; each step starts in the completion of the one before.
void startOne(StoreHouse& house, store::Store& store, int pipe, uint64_t number,
              const std::function<void()>& next) {
  const auto raw = house.request(std::to_string(number), std::string(500, 'b'));
  store.append(raw, [&house, &store, pipe, raw, next](Result<store::Appended> appended) {
    if (!appended) return;
    tell(pipe, {'a', raw->id, {}});
    const Event event = StoreHouse::eventOf(*raw);
    const Delivery delivery = house.deliveryOf(event);
    store.finish({raw->id, {event}, {delivery}}, [=, &house, &store](auto finished) {
      if (!finished) return;
      tell(pipe, {'f', raw->id, delivery.id});
      store.record(std::make_shared<const store::AttemptRecord>(
                       house.attemptOf(delivery, 1, DeliveryState::Delivered)),
                   [=](auto recorded) {
                     if (recorded) tell(pipe, {'d', raw->id, delivery.id});
                     next();
                   });
    });
  });
}

[[noreturn]] void writeUntilKilled(const std::string& folder, int pipe, uint64_t seed) {
  auto opened = openEngine(folder, {}, systemClock());
  if (!opened) ::_exit(3);
  store::Store& store = **opened;
  static StoreHouse* house = new StoreHouse;  // its own store is not used, its verbs are
  house->ids.raiseFloor(store.highestOrderKey());
  SeededRandom random(seed);
  std::atomic<uint64_t> number = seed << 32;
  std::function<void()> next = [&] { startOne(*house, store, pipe, number++, next); };
  for (int i = 0; i < 32; ++i) next();
  for (;;) ::pause();
}

class KilledWriter {
 public:
  KilledWriter(const std::string& folder, uint64_t seed) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(ends[0]);
      writeUntilKilled(folder, ends[1], seed);
    }
    ::close(ends[1]);
    pipe_ = ends[0];
  }
  // Reads acknowledgements until `count` came, kills, and reads those still in the pipe.
  std::vector<Ack> killAfter(size_t count) {
    std::vector<Ack> acks;
    Ack ack;
    while (::read(pipe_, &ack, sizeof ack) == sizeof ack) {
      acks.push_back(ack);
      if (acks.size() == count) ::kill(child_, SIGKILL);
    }
    int status = 0;
    ::waitpid(child_, &status, 0);
    CHECK(WIFSIGNALED(status));
    ::close(pipe_);
    return acks;
  }

 private:
  pid_t child_ = 0;
  int pipe_ = -1;
};

void checkStored(store::Store& store, const Ack& ack) {
  CHECK(store.loadRequest("acme", ack.event));
  if (ack.what == 'a') return;
  CHECK(store.loadEvent("acme", ack.event));
  const auto delivery = store.loadDelivery("acme", ack.delivery);
  REQUIRE(delivery);
  if (ack.what == 'd') {
    CHECK(delivery->state == DeliveryState::Delivered);
    CHECK(store.listAttempts(ack.delivery)->size() == 1);
  }
}

TEST_CASE("what was acknowledged survives SIGKILL") {
  TempFolder folder;
  SeededRandom random(7);
  std::vector<Ack> all;
  for (int round = 1; round <= kRounds; ++round) {
    KilledWriter writer(folder.path(), static_cast<uint64_t>(round));
    const auto acks = writer.killAfter(1 + random.next() % 1'500);
    REQUIRE_FALSE(acks.empty());
    if (round % 5 == 0) {  // a look before anybody recovers the store
      store::StoreOptions look;
      look.read_only = true;
      auto seen = openEngine(folder.path(), look, systemClock());
      REQUIRE(seen);
      checkStored(**seen, acks.back());
    }
    auto opened = openEngine(folder.path(), {}, systemClock());
    REQUIRE(opened);
    for (const Ack& ack : acks) checkStored(**opened, ack);
    all.insert(all.end(), acks.begin(), acks.end());
    const auto ledger = (*opened)->ledger("acme");
    REQUIRE(ledger);
    CHECK(ledger->requests == ledger->events + ledger->inbox);
    CHECK(ledger->events == ledger->deliveries[0] + ledger->deliveries[3]);
  }
  auto opened = openEngine(folder.path(), {}, systemClock());
  REQUIRE(opened);
  for (const Ack& ack : all) checkStored(**opened, ack);
  std::set<EventId> acked;
  for (const Ack& ack : all) acked.insert(ack.event);
  // What was in flight may be stored without an acknowledgement, nothing else may.
  CHECK((*opened)->ledger("acme")->requests <= static_cast<int64_t>(acked.size()) + 32 * kRounds);
}

}  // namespace
}  // namespace junctor::testing
