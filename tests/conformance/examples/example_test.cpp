// What every acme does, in whatever language it is written. EXAMPLE names the library.
#include <catch2/catch.hpp>

#include <cstdlib>

#include "base/bytes.h"
#include "base/files.h"
#include "base/random.h"
#include "base/threads.h"
#include "plugin/connector.h"
#include "support/manual_clock.h"

namespace junctor::testing {
namespace {

// One for the whole run, as in a server: libraries stay.
plugin::Connector& example() {
  static const ManualClock clock;
  static const auto connector = [] {
    const char* path = std::getenv("EXAMPLE");
    if (!path) FAIL("EXAMPLE names no library");
    auto manifest = plugin::readManifest(path);
    if (!manifest) FAIL(describe(manifest.error()));
    auto opened = plugin::openInProcess(clock)(std::move(*manifest), path);
    if (!opened) FAIL(describe(opened.error()));
    return std::move(*opened);
  }();
  return *connector;
}

Result<std::unique_ptr<plugin::Instance>> create(const std::string& settings) {
  Integration integration;
  integration.id = "acme-1";
  integration.tenant = "acme";
  integration.settings_json = settings;
  return example().create(integration);
}

RawRequest requestOf(const std::string& body) {
  RawRequest request;
  request.method = "POST";
  request.url = "https://hooks.example/v1/webhooks/incoming/acme-1";
  request.headers = {{"Content-Type", "application/json"}, {"X-Acme-Time", "1772442930"}};
  request.body = body;
  return request;
}

Result<plugin::HandleResult> handle(const std::string& body, const std::string& settings = "{}") {
  JUNCTOR_TRY(const auto instance, create(settings));
  return instance->handle(requestOf(body), JsonView());
}

Event one(const std::string& body, const std::string& settings = "{}") {
  auto result = handle(body, settings);
  if (!result) FAIL(describe(result.error()));
  REQUIRE(result->events.size() == 1);
  return result->events[0];
}

std::string paid() {
  return readFile(JUNCTOR_SOURCE_DIR "/sdk/examples/c/fixtures/order.paid.json").value();
}

Error refused(const Result<plugin::HandleResult>& result) {
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::InvalidArgument);
  return result.error();
}

}  // namespace

TEST_CASE("the manifest stands in the library and says what the connector offers") {
  const plugin::Manifest& manifest = example().manifest();
  CHECK(manifest.version == "1.0.0");
  CHECK(manifest.events == std::vector<std::string>{"order.paid", "order.cancelled"});
  REQUIRE(manifest.samples.size() == 1);
  CHECK(manifest.samples[0].file == "order.paid.json");
  CHECK(manifest.signature);
}

TEST_CASE("the recorded webhook is one event, the same in every language") {
  const Event event = one(paid());
  CHECK(event.type == "order.paid");
  CHECK(event.source_event_id == "ev_1");
  CHECK(event.resource.type == "order");
  CHECK(event.resource.id == "7");
  CHECK(event.occurred_at_ms == 1'772'442'930'000);
  CHECK(event.actor_json == R"({"id":"1","name":"Ada"})");
  CHECK(event.metadata_json.empty());
  CHECK(event.data_json.empty());
}

TEST_CASE("the second kind of event, and one that nobody has heard of") {
  const Event cancelled = one(R"({"id":"ev_2","kind":"order.cancelled","order":{"no":"A-8"}})");
  CHECK(cancelled.type == "order.cancelled");
  CHECK(cancelled.resource.id == "A-8");
  CHECK(cancelled.actor_json.empty());
  CHECK(cancelled.occurred_at_ms == 0);
  CHECK(one(R"({"kind":"shop.moved"})").type == "shop.moved");
  CHECK(one(R"({"kind":"shop.moved"})").resource.type.empty());
}

TEST_CASE("ids beyond a double's integers stay exact, and text needs no escaping by hand") {
  const Event event =
      one(R"({"kind":"order.paid","id":9007199254740993,"by":{"name":"A \"B\" <c>\n\u00e9"}})");
  CHECK(event.source_event_id == "9007199254740993");
  CHECK(event.actor_json == "{\"name\":\"A \\\"B\\\" <c>\\n\u00e9\"}");
}

TEST_CASE("settings are read, and wrong ones are refused by name") {
  CHECK(one(paid(), R"({"test":true})").metadata_json == R"({"test":true})");
  CHECK(one(paid(), R"({"test":false})").metadata_json.empty());
  const std::string id = example().manifest().id;
  CHECK(create(R"({"test":1})").error().message == id + ": settings.test: must be true or false");
  for (const char* broken : {"[]", "3", "\"x\""}) {
    CHECK(create(broken).error().code == ErrorCode::InvalidArgument);
  }
}

TEST_CASE("a body that makes no sense is refused with a reason") {
  for (const char* body : {"", "{", "nonsense", "{}", R"({"kind":{}})", R"({"kind":""})", "[]",
                           "\xff\xfe", R"({"kind":"x"} trailing)"}) {
    CAPTURE(body);
    CHECK_FALSE(refused(handle(body)).message.empty());
  }
  CHECK(refused(handle("{}")).message == example().manifest().id + ": the body has no kind");
}

TEST_CASE("damaged, deep and large bodies are an error or an event, never a crash") {
  SeededRandom random(20261121);
  const std::string good = paid();
  const auto instance = create("{}").value();
  std::vector<std::string> bodies = {std::string(10'000, '['), std::string(8 << 20, 'a'),
                                     R"({"kind":")" + std::string(1 << 20, 'x') + "\"}"};
  for (int i = 0; i < 200; ++i) {
    bodies.push_back(good.substr(0, random.next() % good.size()));
    std::string damaged = good;
    for (int j = 0; j < 4; ++j) {
      damaged[random.next() % damaged.size()] = static_cast<char>(random.next());
    }
    bodies.push_back(damaged);
  }
  for (const std::string& body : bodies) {
    const auto result = instance->handle(requestOf(body), JsonView());
    if (!result) CHECK_FALSE(result.error().message.empty());
  }
  CHECK(instance->handle(requestOf(good), JsonView())->events.at(0).type == "order.paid");
}

TEST_CASE("instances work on many threads at once and share nothing") {
  const std::string body = paid();
  std::atomic<int> good = 0;
  {
    std::vector<Thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back("handler", [&, i] {
        const bool test = i % 2 == 0;
        const auto instance = create(test ? R"({"test":true})" : "{}").value();
        for (int round = 0; round < 100; ++round) {
          const auto result = instance->handle(requestOf(body), JsonView());
          if (result && result->events.at(0).metadata_json.empty() != test) ++good;
        }
      });
    }
  }
  CHECK(good == 400);
}

// Only in the libraries that examples_test.py makes throw.
TEST_CASE("what the code throws becomes an error, and the next call works", "[.throws]") {
  const auto instance = create("{}").value();
  for (int i = 0; i < 3; ++i) {
    const auto thrown = instance->handle(requestOf(R"({"kind":"throw"})"), JsonView());
    REQUIRE_FALSE(thrown);
    CHECK(thrown.error().code == ErrorCode::Internal);
    CHECK(thrown.error().message.find("boom") != std::string::npos);
    CHECK(instance->handle(requestOf(paid()), JsonView()));
  }
}

}  // namespace junctor::testing
