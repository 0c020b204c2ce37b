#include "base/worker_pool.h"

#include <atomic>
#include <catch2/catch.hpp>

using junctor::WorkerPool;

TEST_CASE("what was taken is run, even when the pool goes away at once") {
  std::atomic<int> ran{0};
  int taken = 0;
  {
    WorkerPool pool("test", 2, 1'000);
    for (int i = 0; i < 1'000; ++i) taken += pool.run([&ran] { ++ran; });
  }
  CHECK(taken == 1'000);
  CHECK(ran == taken);
}

TEST_CASE("the queue has an end") {
  std::mutex gate;
  std::atomic<bool> inside{false};
  gate.lock();
  WorkerPool pool("test", 1, 2);
  CHECK(pool.run([&] {
    inside = true;
    std::lock_guard wait(gate);
  }));
  while (!inside) std::this_thread::yield();
  CHECK(pool.run([] {}));
  CHECK(pool.run([] {}));
  CHECK_FALSE(pool.run([] {}));
  gate.unlock();
}

TEST_CASE("one lane leaves threads to the others") {
  std::mutex gate;
  gate.lock();
  std::atomic<int> inside{0};
  std::atomic<bool> other{false};
  WorkerPool pool("test", 4, 1'000);
  for (int i = 0; i < 20; ++i) {
    pool.run(
        [&] {
          ++inside;
          std::lock_guard wait(gate);
        },
        "slow");
  }
  pool.run([&] { other = true; }, "quick");
  while (!other) std::this_thread::yield();
  CHECK(inside <= 2);
  gate.unlock();
}
