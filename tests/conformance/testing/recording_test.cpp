// Recorded HTTP: written once without secrets, replayed strictly.
#include <junctor/testing.hpp>
#include <junctor/testing/curl.hpp>

#include "conformance/testing/open_library.h"

namespace junctor::testing {
namespace {

using jnc::testing::HttpExchange;

constexpr const char* kSecret = "canary-5f3a/+token";
constexpr const char* kParams = R"({"subject":"Cannot log in"})";

// A provider that echoes what it should not.
HttpExchange::Response provider(const HttpExchange::Request& request) {
  std::string sent;
  for (const auto& [name, value] : request.headers) {
    if (name == "Authorization") sent = value;
  }
  return {201,
          {{"Content-Type", "application/json"}, {"Set-Cookie", "session=" + std::string(kSecret)}},
          R"({"id":7,"you":")" + sent + "\"}"};
}

struct House {
  TempFolder folder;
  std::string file = folder.path() + "/create.json";
  jnc::testing::Host host;
  House() { REQUIRE(host.open(entryOf(TICKETS)) == JN_OK); }
  void record() {
    auto tickets = host.create();
    host.record(file, {{"api", std::string("Authorization: Bearer ") + kSecret}}, provider);
    const auto outcome = tickets.execute("create", kParams, 0, "key-1");
    REQUIRE(outcome.ok());
    CHECK(outcome.external_id == "7");
    host.finishRecording();
  }
};

}  // namespace

TEST_CASE("a recording holds no credential, wherever it stood") {
  House house;
  house.record();
  const std::string text = readFile(house.file).value();
  CHECK(text.find("canary") == std::string::npos);
  CHECK(text.find("session=") == std::string::npos);
  CHECK(text.find("[redacted]") != std::string::npos);
  CHECK(text.find("https://api.example.com/tickets") != std::string::npos);
}

TEST_CASE("a replay answers the recorded requests, and nothing is left over") {
  House house;
  house.record();
  auto tickets = house.host.create();
  house.host.replay(house.file);
  CHECK(house.host.httpProblem() ==
        "1 recorded requests were not made, first POST https://api.example.com/tickets");
  const auto outcome = tickets.execute("create", kParams, 0, "key-1");
  CHECK(outcome.ok());
  CHECK(outcome.external_id == "7");
  CHECK(house.host.httpProblem().empty());
  CHECK_FALSE(tickets.execute("create", kParams, 0, "key-1").ok());
  CHECK(house.host.httpProblem() ==
        "request 2 is not in the recording: POST https://api.example.com/tickets");
}

TEST_CASE("a request that differs from the recorded one fails, and it is said how") {
  House house;
  house.record();
  auto tickets = house.host.create();
  house.host.replay(house.file);
  CHECK(tickets.execute("create", R"({"subject":"Other"})", 0, "key-1").status == JN_E_UNAVAILABLE);
  CHECK_THAT(house.host.httpProblem(), Catch::StartsWith("request 1: the body is"));
  house.host.replay(house.file);
  CHECK_FALSE(tickets.execute("create", kParams, 0, "key-2").ok());
  CHECK_THAT(house.host.httpProblem(), Catch::StartsWith("request 1: the idempotency key is"));
}

TEST_CASE("an answer that is no success has the class of its status") {
  House house;
  house.record();
  std::string text = readFile(house.file).value();
  text.replace(text.find("\"status\": 201"), 13, "\"status\": 429");
  text.replace(text.find("[\"Content-Type\", \"application/json\"]", text.find("429")), 36,
               R"(["Retry-After", "7"])");
  REQUIRE(replaceFile(house.file, text, 0600));
  auto tickets = house.host.create();
  house.host.replay(house.file);
  const auto outcome = tickets.execute("create", kParams, 0, "key-1");
  CHECK(outcome.status == JN_E_RATE_LIMITED);
  CHECK(outcome.retry_after_ms == 7000);
}

TEST_CASE("nothing is sent in a dry run, and webhooks have no network") {
  House house;
  house.record();
  auto tickets = house.host.create();
  house.host.replay(house.file);
  CHECK(tickets.execute("create", kParams, JN_CALL_DRY_RUN, "key-1").status == JN_E_DENIED);
  CHECK(tickets.execute("create", kParams, JN_CALL_NO_IO, "key-1").status == JN_E_DENIED);
}

TEST_CASE("a file that is no recording is refused") {
  House house;
  REQUIRE(replaceFile(house.file, "{}", 0600));
  CHECK_THROWS_WITH(house.host.replay(house.file), "is no recording");
}

}  // namespace junctor::testing
