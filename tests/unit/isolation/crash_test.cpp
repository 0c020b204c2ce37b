// Whatever a connector does to its process: the host goes on, the call to blame fails, the others
// are answered.
#include <filesystem>

#include "unit/isolation/wild_house.h"

namespace junctor::testing {

TEST_CASE("a connector in its own process answers as one in this process") {
  WildHouse house;
  house.start();
  const auto instance = house.instance();
  CHECK(house.tell(*instance, "echo:hello") == "\"hello\"");
  CHECK(house.tell(*instance, "tenant") == "\"acme\"");
  CHECK(house.tell(*instance, "none") == "0 events");
  CHECK(house.tell(*instance, "pid") != std::to_string(::getpid()));
  const auto refused = house.handle(*instance, "refuse");
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::ResourceExhausted);
  CHECK(refused.error().retry_after == std::chrono::milliseconds(7'000));
  CHECK(refused.error().message == "wild: connector-crash: a lie");
  CHECK(!plugin::isFinalVerdict(refused.error()));
  CHECK(house.tell(*instance, "bad-json") == "wild: payload_json is not JSON");
}

TEST_CASE("a connector that only its owner may read runs all the same") {
  namespace fs = std::filesystem;
  const fs::path copy = wildFolder("one/owner-only.so");
  fs::copy_file(wildFolder("one/wild.so"), copy, fs::copy_options::overwrite_existing);
  fs::permissions(copy, fs::perms::owner_all);
  WildHouse house;
  const auto opened = house.open("one/owner-only.so");
  INFO((opened ? "" : describe(opened.error())));
  REQUIRE(opened);
  CHECK(house.tell(*house.instance(), "echo:hello") == "\"hello\"");
  fs::remove(copy);
}

TEST_CASE("wrong settings are refused as the connector says") {
  WildHouse house;
  house.start();
  const auto made = house.create(R"({"create":"refuse"})");
  REQUIRE(!made);
  CHECK(made.error().code == ErrorCode::InvalidArgument);
  CHECK(made.error().message == "wild: settings.x: no");
  CHECK(house.tell(*house.instance(), "echo:x") == "\"x\"");
}

TEST_CASE("large bodies and large events travel as sealed memory") {
  WildHouse house;
  house.start();
  const auto instance = house.instance();
  CHECK(house.tell(*instance, std::string(5 << 20, 'x')) == std::to_string(5 << 20));
  CHECK(house.tell(*instance, "large").size() == (3 << 20) + 2);
  CHECK(house.tell(*instance, "echo:after") == "\"after\"");
}

TEST_CASE("a call that ends its process twice fails alone and the next is answered") {
  const std::string what =
      GENERATE("segv", "abort", "exit", "stack", "garbage", "close-wire", "forge-call",
               "forge-size", "forge-kind", "forge-memory", "log-flood", "spin", "sleep");
  CAPTURE(what);
  WildHouse house;
  house.options.call_ms = 200;
  house.start();
  const auto instance = house.instance();
  CHECK(house.tell(*instance, "echo:before") == "\"before\"");
  const auto handled = house.handle(*instance, what);
  REQUIRE(!handled);
  CHECK(plugin::isFinalVerdict(handled.error()));
  CHECK(handled.error().message.starts_with("connector-crash: wild 1.0.0: its process "));
  CHECK(house.tellPatiently(*instance, "echo:after") == "\"after\"");
}

TEST_CASE("bombs burn out inside their process") {
  WildHouse house;
  house.start();
  const auto instance = house.instance();
  CHECK(house.tell(*instance, "fork") == "forked");
  CHECK(house.tell(*instance, "fds") == "leaked");
  const std::string memory = house.tellPatiently(*instance, "memory");
  CHECK((memory == "wild: out of memory" || memory.starts_with("connector-crash")));
  CHECK(house.tellPatiently(*instance, "echo:after") == "\"after\"");
}

TEST_CASE("of calls in flight only the one to blame fails") {
  WildHouse house;
  house.start();
  const auto instance = house.instance();
  const auto crash_at = GENERATE(0u, 3u, 7u);
  std::vector<RawRequest> batch;
  for (size_t i = 0; i < 8; ++i) {
    batch.push_back(house.request(i == crash_at ? "segv" : "echo:" + std::to_string(i)));
  }
  for (const RawRequest& request : batch) instance->begin(request);
  for (size_t i = 0; i < batch.size(); ++i) {
    const std::string outcome = house.outcome(house.handleBegun(*instance, batch[i]));
    if (i == crash_at) {
      CHECK(outcome.starts_with("connector-crash: "));
    } else {
      CHECK(outcome == '"' + std::to_string(i) + '"');
    }
  }
}

TEST_CASE("who has no time for a slow call leaves it to whoever comes for it, and it runs once") {
  WildHouse house;
  house.start();
  const auto hasty = house.instance("acme"), patient = house.instance("umbrella");
  CHECK(house.tell(*patient, "count") == "1");
  const RawRequest nap = house.request("nap"), behind = house.request("count");
  hasty->begin(nap);
  hasty->begin(behind);
  const auto left = hasty->handle(nap, JsonView());
  REQUIRE(!left);
  CHECK(plugin::isBusy(left.error()));
  CHECK(plugin::isBusy(hasty->handle(behind, JsonView()).error()));
  CHECK(house.outcome(patient->handle(behind, JsonView())) == "3");
  CHECK(house.outcome(patient->handle(nap, JsonView())) == "nap");
  CHECK(house.tell(*patient, "count") == "4");
}

TEST_CASE("who has no time waits for no process to start and for no crash to be judged") {
  WildHouse house;
  house.start();
  const auto hasty = house.instance("acme"), patient = house.instance("umbrella");
  CHECK(house.tell(*patient, "count") == "1");
  const RawRequest crash = house.request("segv"), behind = house.request("count");
  hasty->begin(crash);
  hasty->begin(behind);
  CHECK(plugin::isBusy(hasty->handle(crash, JsonView()).error()));
  CHECK(plugin::isBusy(hasty->handle(behind, JsonView()).error()));
  CHECK_THAT(house.outcome(patient->handle(crash, JsonView())),
             Catch::StartsWith("connector-crash"));
}

TEST_CASE("a begun call that was put off is answered to whoever comes for it, and runs once") {
  WildHouse house;
  house.start();
  const auto hasty = house.instance("acme"), patient = house.instance("umbrella");
  CHECK(house.tell(*patient, "count") == "1");
  const RawRequest put_off = house.request("count");
  hasty->begin(put_off);
  hasty->putOff(put_off);
  CHECK(house.outcome(patient->handle(put_off, JsonView())) == "2");
  CHECK(house.tell(*patient, "count") == "3");
}

TEST_CASE("a crash in create is told, and nothing else is disturbed") {
  WildHouse house;
  house.start();
  const auto instance = house.instance();
  const auto made = house.create(R"({"create":"crash"})");
  REQUIRE(!made);
  CHECK(made.error().message.starts_with("connector-crash: "));
  CHECK(house.tellPatiently(*instance, "echo:after") == "\"after\"");
}

TEST_CASE("begun calls that nobody handles do not mix up the answers") {
  WildHouse house;
  house.start();
  const auto instance = house.instance();
  const RawRequest first = house.request("echo:1"), second = house.request("echo:2"),
                   third = house.request("echo:3");
  instance->begin(first);
  instance->begin(second);
  CHECK(house.outcome(house.handleBegun(*instance, second)) == "\"2\"");
  CHECK(house.outcome(house.handleBegun(*instance, third)) == "\"3\"");
  instance->begin(third);
  CHECK(house.outcome(house.handleBegun(*instance, first)) == "\"1\"");
}

TEST_CASE("instances of a crashed process are made anew in the next one") {
  WildHouse house;
  house.start();
  const auto one = house.instance("acme"), other = house.instance("umbrella");
  CHECK(house.tell(*one, "count") == "1");
  CHECK(house.tell(*other, "count") == "2");
  CHECK(house.tell(*one, "abort").starts_with("connector-crash: "));
  CHECK(house.tellPatiently(*other, "tenant") == "\"umbrella\"");
  CHECK(house.tellPatiently(*one, "tenant") == "\"acme\"");
  CHECK(house.tell(*one, "count") == "3");
}

TEST_CASE("a process per tenant keeps tenants apart") {
  WildHouse house;
  house.options.per_tenant = true;
  house.start();
  const auto one = house.instance("acme"), other = house.instance("umbrella");
  CHECK(house.tell(*one, "pid") != house.tell(*other, "pid"));
  CHECK(house.tell(*other, "count") == "2");
  CHECK(house.tell(*one, "abort").starts_with("connector-crash: "));
  CHECK(house.tell(*other, "count") == "3");
}

TEST_CASE("a library that cannot be opened in its process is refused with the cause") {
  WildHouse house;
  house.options.start_ms = 300;
  const auto refusal = [&](const std::string& file) {
    const auto opened = house.open("refused/" + file + ".so");
    return opened ? "opened" : opened.error().message;
  };
  CHECK(refusal("wild-open-crashes") == "its process died of SIGABRT while it was loaded");
  CHECK(refusal("wild-constructor-exits") ==
        "its process exited with status 0 while it was loaded");
  CHECK(refusal("wild-open-hangs") == "was not loaded in 300 ms");
  CHECK(refusal("wild-open-fails") == "its open failed with status -10");
}

TEST_CASE("a missing runner is told as what it is") {
  WildHouse house;
  house.options.runner = "/nonexistent/junctor-runner";
  const auto opened = house.open();
  REQUIRE(!opened);
  CHECK(opened.error().message ==
        "cannot start /nonexistent/junctor-runner: No such file or directory");
}

}  // namespace junctor::testing
