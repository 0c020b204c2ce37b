// Calls that use the host's services from another process: what is asked is judged by the parent, a
// crash repeats nothing that must not be, and nobody waits for another's provider.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "unit/isolation/wild_house.h"

namespace junctor::testing {
namespace {

using plugin::CallOptions;
using plugin::CallRecord;

// A provider that answers as the test says, on whatever thread asks.
class Provider final : public plugin::HttpPort {
 public:
  Result<plugin::HttpAnswer> send(const plugin::PortCall&,
                                  const plugin::HttpSend& request) override {
    {
      std::lock_guard lock(mutex_);
      ++requests_;
    }
    return answer(request);
  }
  int requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  std::function<Result<plugin::HttpAnswer>(const plugin::HttpSend&)> answer =
      [](const plugin::HttpSend&) -> Result<plugin::HttpAnswer> {
    return plugin::HttpAnswer{200, {}, "ok"};
  };

 private:
  mutable std::mutex mutex_;
  int requests_ = 0;
};

struct ActionHouse : WildHouse {
  Provider provider;

  ActionHouse() {
    options.ports.http = &provider;
    options.call_ms = 200;
    start();
  }
  static std::string act(plugin::Instance& instance, const std::string& name,
                         const CallOptions& given = {}) {
    for (;;) {
      const auto result = instance.execute({name}, given);
      if (result) return result->data_json;
      if (!plugin::isRestarting(result.error())) return describe(result.error());
    }
  }
};

}  // namespace

TEST_CASE("large requests and large answers pass both ways") {
  ActionHouse house;
  size_t received = 0;
  house.provider.answer = [&](const plugin::HttpSend& request) -> Result<plugin::HttpAnswer> {
    received = request.body.size();
    return plugin::HttpAnswer{200, {}, std::string(5 << 20, 'y')};
  };
  CHECK(house.act(*house.instance(), "PUT:large") == std::to_string(5 << 20));
  CHECK(received == 5 << 20);
}

TEST_CASE("an action whose process dies runs again if nothing was sent that must not be repeated") {
  ActionHouse house;
  const auto instance = house.instance();
  // Its outcome, once it is certain that so many requests left.
  const auto sends = [&](const std::string& name, int requests) {
    CAPTURE(name);
    CallRecord record;
    CallOptions options;
    options.record = &record;
    const int before = house.provider.requests();
    const std::string outcome = house.act(*instance, name, options);
    CHECK(
        outcome.starts_with("internal: connector-crash: wild 1.0.0: its process died of SIGSEGV"));
    CHECK(house.provider.requests() - before == requests);
    CHECK(record.requests_sent == static_cast<uint32_t>(requests));
    return outcome;
  };
  CHECK(sends("NOTHING:segv", 0).find("alone, it died of SIGSEGV") != std::string::npos);
  CHECK(sends("GET:segv", 2).find("alone, it died of SIGSEGV") != std::string::npos);
  CHECK(sends("POST:segv", 1) ==
        "internal: connector-crash: wild 1.0.0: its process died of SIGSEGV, after a request was "
        "sent that must not be repeated");
  CHECK(house.act(*instance, "GET") == "2");
}

TEST_CASE("an action with an idempotency key is run again after a crash") {
  ActionHouse house;
  CallRecord record;
  CallOptions options;
  options.record = &record;
  const std::string outcome = house.act(*house.instance(), "POST+key:exit", options);
  CHECK(outcome.find("alone, it exited with status 0") != std::string::npos);
  CHECK(house.provider.requests() == 2);
  CHECK(record.repeatable());
}

TEST_CASE("an action that outlives its time is ended once") {
  ActionHouse house;
  CallOptions options;
  options.budget_ms = 50;
  CHECK(house.act(*house.instance(), "NOTHING:spin", options) ==
        "internal: connector-crash: wild 1.0.0: its process took longer than 200 ms for one call "
        "and was killed");
}

TEST_CASE("an action that ignores its cancellation is ended") {
  ActionHouse house;
  const std::atomic<bool> cancelled = true;
  CallOptions options;
  options.cancelled = &cancelled;
  const std::string outcome = house.act(*house.instance(), "NOTHING:spin", options);
  CHECK(outcome ==
        "cancelled: wild 1.0.0: its process went on after its call was cancelled and was killed");
}

TEST_CASE("a question that the child's own gate has not seen is judged by the host") {
  {
    ActionHouse house;
    CHECK(house.act(*house.instance(), "NOT:ask=https://evil.example/") == "\"refused\"");
    CHECK(house.provider.requests() == 0);
  }
  ActionHouse house;
  CHECK(house.act(*house.instance(), "NOT:ask=https://api.example.com/") == "\"sent\"");
  CHECK(house.provider.requests() == 1);
}

TEST_CASE("webhooks and other actions go on while one waits for its provider") {
  ActionHouse house;
  const auto webhooks = house.instance(), other = house.instance("umbrella");
  std::mutex mutex;
  std::condition_variable changed;
  int arrived = 0;
  // Each of the two is answered only once both have come.
  house.provider.answer = [&](const plugin::HttpSend&) -> Result<plugin::HttpAnswer> {
    std::unique_lock lock(mutex);
    ++arrived;
    changed.notify_all();
    changed.wait(lock, [&] { return arrived == 2; });
    return plugin::HttpAnswer{200, {}, "both"};
  };
  std::string first;
  std::thread busy([&] { first = house.act(*house.instance(), "GET:pid"); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return arrived == 1; });
  }
  CHECK(house.tell(*webhooks, "echo:meanwhile") == "\"meanwhile\"");
  const std::string second = house.act(*other, "GET:pid");
  busy.join();
  CHECK(first != second);
  CHECK(first != house.tell(*webhooks, "pid"));
}

TEST_CASE("more actions than processes wait for their turn") {
  ActionHouse house;
  std::vector<std::thread> callers;
  std::mutex mutex;
  std::vector<std::string> outcomes;
  for (int i = 0; i < 12; ++i) {
    callers.emplace_back([&] {
      const std::string outcome = house.act(*house.instance(), "GET");
      std::lock_guard lock(mutex);
      outcomes.push_back(outcome);
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK(outcomes == std::vector<std::string>(12, "2"));
}

TEST_CASE("a process that works while nothing is asked of it is ended") {
  WildHouse house;
  house.options.idle_watch_ms = 20;
  house.options.idle_cpu_ms = 10;
  REQUIRE(house.open("one/wild-busy.so"));
  while (house.connector->runsIn().find("of processor time while nothing was asked of it") ==
         std::string::npos) {
    std::this_thread::yield();
  }
  WildHouse quiet;
  quiet.options.idle_watch_ms = 20;
  quiet.options.idle_cpu_ms = 10;
  quiet.start();
  const std::string pid = quiet.tell(*quiet.instance(), "pid");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(quiet.tell(*quiet.instance(), "pid") == pid);
}

TEST_CASE("no code runs where the kernel locks it in less than is required") {
  WildHouse house;
  house.options.landlock_min = 1'000;
  const auto refused = house.open("refused/wild-constructor-exits.so");
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::Unavailable);
  CHECK(refused.error().message.starts_with("this kernel locks it in too little: "));
}

}  // namespace junctor::testing
