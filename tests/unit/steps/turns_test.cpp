// Tenants take turns at the threads.
#include "steps/turns.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>

namespace junctor::steps {
namespace {

TEST_CASE("one tenant's blocked tasks leave threads for the others", "[steps]") {
  std::promise<void> open;
  const std::shared_future<void> gate = open.get_future().share();
  std::atomic<int> blocked{0};
  std::atomic<int> ran{0};
  Turns turns("test", 4);
  for (int i = 0; i < 10; ++i) {
    REQUIRE(turns.run("slow", [&] {
      ++blocked;
      gate.wait();
      ++ran;
    }));
  }
  std::promise<void> other;
  REQUIRE(turns.run("other", [&] { other.set_value(); }));
  other.get_future().wait();  // would wait for ever
  CHECK(blocked <= 2);
  open.set_value();
  std::promise<void> last;
  REQUIRE(turns.run("slow", [&] { last.set_value(); }));
  last.get_future().wait();
  turns.stop();
  CHECK(ran == 10);
}

TEST_CASE("tenants are served in turn, each in its own order", "[steps]") {
  std::promise<void> open;
  const std::shared_future<void> gate = open.get_future().share();
  std::mutex mutex;
  std::string order;
  {
    Turns turns("test", 1);
    std::promise<void> begun;
    REQUIRE(turns.run("x", [&] {
      begun.set_value();
      gate.wait();
    }));
    begun.get_future().wait();
    std::promise<void> end;
    for (const auto& [tenant, mark] :
         {std::pair{"a", '1'}, std::pair{"a", '2'}, std::pair{"a", '3'}, std::pair{"b", '4'}}) {
      REQUIRE(turns.run(tenant, [&mutex, &order, mark = mark] {
        std::lock_guard lock(mutex);
        order += mark;
      }));
    }
    REQUIRE(turns.run("z", [&] { end.set_value(); }));
    open.set_value();
    end.get_future().wait();
    while (true) {
      std::lock_guard lock(mutex);
      if (order.size() == 4) break;
    }
  }
  CHECK(order == "1423");
}

TEST_CASE("after a stop nothing is taken", "[steps]") {
  Turns turns("test", 2);
  turns.stop();
  CHECK_FALSE(turns.run("a", [] {}));
}

}  // namespace
}  // namespace junctor::steps
