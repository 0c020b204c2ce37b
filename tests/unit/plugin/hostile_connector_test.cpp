// Connectors that break the contract in a call (connectors/hostile.cpp, connectors/thrower.cpp).
#include "unit/plugin/plugin_house.h"

namespace junctor::testing {
namespace {

// Every look at the monotonic clock takes a tenth of a second.
class TickingClock final : public Clock {
 public:
  int64_t unixMs() const override { return 1'763'700'000'000; }
  int64_t monotonicNs() const override { return now_ns_ += 100'000'000; }

 private:
  mutable int64_t now_ns_ = 0;
};

}  // namespace

TEST_CASE("an exception that crosses the C boundary is an internal error of that connector") {
  const PluginHouse house;
  for (const char* body : {"throw", "throw-int"}) {
    const Error error = house.refusal("hostile", body);
    CHECK(error.code == ErrorCode::Internal);
    CHECK(error.message == "hostile: threw an exception");
  }
  CHECK(house.handle("hostile", "1000-events")->events.size() == 1000);  // and life goes on
}

TEST_CASE("the SDK turns exceptions into statuses before they reach the host") {
  const PluginHouse house;
  const Error failure = house.refusal("thrower", "failure");
  CHECK(failure.code == ErrorCode::Unavailable);
  CHECK(failure.message == "thrower: try later");
  CHECK(house.refusal("thrower", "std").message == "thrower: a standard exception");
  CHECK(house.refusal("thrower", "int").message == "thrower: an unknown exception");
  CHECK(house.refusal("thrower", "bad-writer").message ==
        "thrower: the connector wrote JSON in the wrong order");
  CHECK(house.refusal("thrower", "bad-json").message == "thrower: data_json is not JSON");
  CHECK(house.handle("thrower", "anything")->events.at(0).type == "anything");
}

TEST_CASE("more than a thousand events in one request are refused, all of them") {
  const PluginHouse house;
  const Error error = house.refusal("hostile", "1001-events");
  CHECK(error.code == ErrorCode::InvalidArgument);
  CHECK(error.message == "hostile: more than 1000 events in one request");
}

TEST_CASE("a wrong event fails the call, even if the connector says all went well") {
  const PluginHouse house;
  const struct {
    const char* body;
    const char* message;
  } cases[] = {
      {"bad-data", "hostile: data_json is not JSON"},
      {"bad-actor", "hostile: actor_json is not JSON"},
      {"bad-payload", "hostile: payload_json is not JSON"},
      {"bad-metadata", "hostile: metadata_json is not JSON"},
      {"null-event", "hostile: an event is NULL"},
      {"null-text", "hostile: an event has a NULL text"},
      {"small-event", "hostile: an event is too small"},
      {"no-type", "hostile: an event type is empty, too long or not clean text"},
      {"long-type", "hostile: an event type is empty, too long or not clean text"},
      {"control-type", "hostile: an event type is empty, too long or not clean text"},
      {"latin-type", "hostile: an event type is empty, too long or not clean text"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.body);
    const Error error = house.refusal("hostile", c.body);
    CHECK(error.code == ErrorCode::InvalidArgument);
    CHECK(error.message == c.message);
  }
}

TEST_CASE("what a connector says of a failure is kept, on one line") {
  const PluginHouse house;
  const Error error = house.refusal("hostile", "events-then-error");
  CHECK(error.code == ErrorCode::Unavailable);
  CHECK(error.retryable());
  CHECK(error.message == "hostile: line one line two (E42)");
  CHECK(error.retry_after == std::chrono::milliseconds(7'000));
}

TEST_CASE("a status that does not exist is an internal error") {
  const PluginHouse house;
  for (const char* body : {"unknown-status", "positive-status", "fail-without-status"}) {
    CHECK(house.refusal("hostile", body).code == ErrorCode::Internal);
  }
}

TEST_CASE("a reply after the answer is unsupported") {
  CHECK(PluginHouse().refusal("hostile", "reply").code == ErrorCode::Unimplemented);
}

TEST_CASE("a call past its deadline is told so, and its events are refused") {
  const TickingClock clock;
  const Error error = PluginHouse(&clock).refusal("hostile", "slow");
  CHECK(error.code == ErrorCode::DeadlineExceeded);
}

TEST_CASE("an overlong id becomes its hash; a sequence is kept") {
  const auto result = PluginHouse().handle("hostile", "long-id");
  REQUIRE(result);
  CHECK(result->events.at(0).source_event_id.starts_with("sha256:"));
  CHECK(result->events.at(0).source_event_id.size() == 7 + 64);
  CHECK(result->events.at(0).sequence == 9);
}

TEST_CASE("create may refuse, throw or forget the instance") {
  const PluginHouse house;
  const auto error = [&](const char* connector, const char* settings) {
    auto made = house.create(connector, settings);
    REQUIRE_FALSE(made);
    return made.error();
  };
  CHECK(error("hostile", R"({"create":"refuse"})").message == "hostile: settings.x: no (E42)");
  CHECK(error("hostile", R"({"create":"refuse"})").code == ErrorCode::InvalidArgument);
  CHECK(error("hostile", R"({"create":"throw"})").message == "hostile: threw an exception");
  CHECK(error("hostile", R"({"create":"nothing"})").code == ErrorCode::Internal);
  CHECK(error("thrower", R"({"no":1})").message == "thrower: settings.no: is not welcome");
  CHECK(error("thrower", "{").code == ErrorCode::InvalidArgument);
}

}  // namespace junctor::testing
