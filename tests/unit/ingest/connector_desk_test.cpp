#include "ingest/connector_desk.h"

#include <condition_variable>
#include <thread>

#include "unit/plugin/plugin_house.h"

namespace junctor::testing {
namespace {

using ingest::ConnectorDesk;
using ingest::Endpoint;

// Holds whoever comes until it is opened.
class Barrier {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void await(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ == count; });
  }
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

}  // namespace

TEST_CASE("a desk takes as many as may wait, and not one more") {
  Barrier barrier;
  ConnectorDesk desk(2, 3);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(desk.offer([&](ConnectorDesk::Worker&) { barrier.pass(); }));
  }
  barrier.await(2);  // both threads are busy
  std::atomic<int> done = 0;
  for (int i = 0; i < 3; ++i) CHECK(desk.offer([&](ConnectorDesk::Worker&) { ++done; }));
  CHECK_FALSE(desk.offer([&](ConnectorDesk::Worker&) { ++done; }));
  barrier.open();
  while (done < 3) std::this_thread::yield();
  CHECK(desk.offer([&](ConnectorDesk::Worker&) { ++done; }));
  while (done < 4) std::this_thread::yield();
}

TEST_CASE("each thread of a desk has instances of its own, made anew with a new table") {
  const PluginHouse house;
  Integration integration;
  integration.id = "probe-1";
  integration.tenant = "acme";
  integration.connector = "probe";
  const auto endpointOf = [&] {
    auto endpoint = std::make_shared<Endpoint>();
    endpoint->integration = &integration;
    endpoint->connector = house.registry->find("probe");
    return std::shared_ptr<const Endpoint>(endpoint);
  };
  ConnectorDesk::Worker one, other;
  auto endpoint = endpointOf();
  plugin::Instance* const first = one.instanceOf(endpoint).value();
  CHECK(one.instanceOf(endpoint).value() == first);
  CHECK(other.instanceOf(endpoint).value() != first);
  const auto next = endpointOf();
  CHECK(one.instanceOf(next).value() != first);
}

}  // namespace junctor::testing
