#include <atomic>
#include <map>

#include "base/json_doc.h"
#include "base/threads.h"
#include "support/temp_folder.h"
#include "unit/plugin/plugin_house.h"

namespace junctor::testing {

TEST_CASE("connectors are found, sorted by id, with path and manifest") {
  const PluginHouse house;
  std::vector<std::string> ids;
  for (const auto& connector : house.registry->all()) ids.push_back(connector->manifest().id);
  CHECK(ids == std::vector<std::string>{"com.example.acme", "everything", "hostile", "misbehaves",
                                        "probe", "thrower"});
  CHECK(house.registry->refused().empty());
  CHECK(house.registry->find("nobody") == nullptr);
  const auto probe = house.registry->find("probe");
  CHECK(probe->path() == fixtureFolder("loaded") + "/probe.so");
  CHECK(probe->manifest().version == "1.2.3");
}

TEST_CASE("each refused file is listed with its reason, and stops no other") {
  const ManualClock clock;
  const auto registry =
      plugin::loadConnectors({fixtureFolder("refused"), fixtureFolder("loaded")}, clock);
  CHECK(registry->all().size() == 6);
  std::map<std::string, std::string> reasons;
  for (const auto& [path, reason] : registry->refused()) {
    reasons[path.substr(path.rfind('/') + 1)] = reason;
  }
  const std::map<std::string, std::string> expected = {
      {"code-major.so", "its code speaks ABI 2.0, this host 1.0"},
      {"lacks-interface.so", "does not offer junctor.actions/1"},
      {"newer-major.so", "speaks ABI major 2, this host speaks 1"},
      {"newer-minor.so", "needs ABI 1.7, this host has 1.0"},
      {"no-entry.so", "does not export junctor_plugin_v1"},
      {"no-note.so", "has no Junctor note: it is not a connector"},
      {"no-verify.so", "has no verify, though its manifest says \"custom\""},
      {"no-webhook.so", "does not offer junctor.webhook/1"},
      {"open-fails.so", "its open failed with status -10"},
      {"open-throws.so", "threw an exception while it was opened"},
      {"other-id.so", "its code says id \"github\", its manifest \"other-id\""},
      {"other-version.so", "its code says version \"9.9.9\", its manifest \"1.2.3\""},
      {"refuses-host.so", "refuses this host"},
      {"small-table.so", "has too small a table for junctor.webhook/1"},
      {"unknown-key.so", "manifest: webhook.secret: unknown key"},
  };
  CHECK(reasons == expected);
}

TEST_CASE("a second connector of the same id is refused, whatever its file is called") {
  const TempFolder copy;
  const std::string bytes = readFile(fixtureFolder("loaded") + "/acme.so").value();
  copy.write("zzz.so", bytes);
  copy.write("readme.txt", "not looked at");
  const ManualClock clock;
  const auto registry = plugin::loadConnectors({fixtureFolder("loaded"), copy.path()}, clock);
  REQUIRE(registry->refused().size() == 1);
  CHECK(registry->refused()[0].second == "connector com.example.acme is already loaded from " +
                                             fixtureFolder("loaded") + "/acme.so");
}

TEST_CASE("a folder that is not there is a refusal, not a crash") {
  const ManualClock clock;
  const auto registry = plugin::loadConnectors({"/nonexistent/connectors"}, clock);
  CHECK(registry->all().empty());
  REQUIRE(registry->refused().size() == 1);
}

TEST_CASE("an instance outlives the registry it came from") {
  std::unique_ptr<plugin::Instance> instance;
  const ManualClock clock;
  {
    const PluginHouse house(&clock);
    instance = std::move(house.create("thrower")).value();
  }
  RawRequest request;
  request.body = "still.here";
  CHECK(instance->handle(request, JsonView())->events.at(0).type == "still.here");
}

TEST_CASE("instances of one connector work on many threads at once") {
  const PluginHouse house;
  const std::string body =
      readFile(JUNCTOR_SOURCE_DIR "/sdk/examples/cpp/fixtures/order.paid.json").value();
  std::atomic<int> events = 0;
  {
    std::vector<Thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back("handler", [&] {
        for (int round = 0; round < 200; ++round) {
          if (const auto result = house.handle("com.example.acme", body)) {
            events += static_cast<int>(result->events.size());
          }
        }
      });
    }
  }
  CHECK(events == 800);
}

TEST_CASE("the C++ example works as its comments say") {
  const PluginHouse house;
  const std::string body =
      readFile(JUNCTOR_SOURCE_DIR "/sdk/examples/cpp/fixtures/order.paid.json").value();
  const auto result = house.handle("com.example.acme", body, R"({"test":true})");
  REQUIRE(result);
  const Event& event = result->events.at(0);
  CHECK(event.type == "order.paid");
  CHECK(event.source_event_id == "ev_1");
  CHECK(event.resource.id == "7");
  CHECK(event.occurred_at_ms == 1'772'442'930'000);
  CHECK(event.actor_json == R"({"id":"1","name":"Ada"})");
  CHECK(event.metadata_json == R"({"test":true})");
}

}  // namespace junctor::testing
