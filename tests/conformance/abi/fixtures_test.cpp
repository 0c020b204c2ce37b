// Connectors built against other releases of the headers, in this host: built from the frozen
// headers of each release, and from headers one minor on. This file is compiled twice: against
// today's host, and against the host as it will be when the headers have grown.
#include <junctor/junctor.h>

#include "unit/plugin/port_fakes.h"

namespace junctor::testing {
namespace {

using plugin::Manifest;

// Calls every function of ABI 1.0 and looks at what came through.
void passes(plugin::Connector& connector) {
  Integration integration;
  integration.id = "probe-1";
  integration.tenant = "acme";
  integration.connector = connector.manifest().id;
  auto made = connector.create(integration);
  if (!made) FAIL(describe(made.error()));
  plugin::Instance& it = **made;

  RawRequest request;
  request.method = "POST";
  request.url = "https://in.example/";
  request.headers = {{"X-One", "1"}};
  request.body = "body";
  const auto handled = it.handle(request, JsonView());
  if (!handled) FAIL(describe(handled.error()));
  CHECK(handled->events.at(0).type == "handled");
  CHECK(handled->events.at(0).sequence == 5);
  CHECK(it.verify(request, JsonView(), {"secret"}).error().code == ErrorCode::Unauthenticated);

  const auto result = it.execute({"act", R"({"a":1})", "key"}, {});
  if (!result) FAIL(describe(result.error()));
  CHECK(result->data_json == R"({"a":1})");
  CHECK(it.listFields("issue", {})->at(0).name == "issue");
  CHECK(it.subscribe({"https://in.example/"}, {})->id == "https://in.example/");
  CHECK(it.unsubscribe("h", {}));
  CHECK(it.renew({"h", "", "", "", 9, false}, {})->expires_at_ms == 10);
  CHECK(it.listHooks({})->size() == 1);
  const auto page = it.poll({"", "c", 0, 1}, {});
  REQUIRE(page);
  CHECK(page->cursor == "c");
  CHECK(page->events.at(0).payload_json == "{}");
  CHECK(it.authorizeParams({"", "scopes", ""}, {})->at(0).second == "scopes");
  CHECK(it.parseToken(200, "token", {})->access_token == "token");
  CHECK(it.refreshToken({"a", "r", "", "", "", 0}, {})->access_token == "r");
  CHECK(it.identify({})->id == "me");
  CHECK(it.test("{}", {}));
}

struct AbiHouse {
  ManualClock clock;
  RecordingNetwork network;
  MemoryStorage storage;
  OneSecret secrets;
  CountedMetrics metrics;
  std::unique_ptr<plugin::Registry> registry;

  AbiHouse()
      : registry(
            plugin::loadConnectors({JUNCTOR_BINARY_DIR "/tests/abi"}, clock,
                                   plugin::HostPorts{&network, &storage, &secrets, &metrics})) {}

  void passes(const std::string& id) {
    const auto connector = registry->find(id);
    if (!connector) FAIL(id << " is not loaded");
    testing::passes(*connector);
    CHECK(network.sent.size() == 1);
    CHECK(metrics.seen.at(id + ".n") == 1);
  }
};

}  // namespace

TEST_CASE("a connector built against the first released headers loads and passes") {
  AbiHouse().passes("built-1.0");
}

TEST_CASE("a connector built against grown headers that needs no more than 1.0 loads and passes") {
  AbiHouse().passes("built-1.1");
}

TEST_CASE("a connector that needs the grown minor loads in a grown host, else is refused unread") {
  AbiHouse house;
#if JN_ABI_MINOR > 0
  house.passes("needs-1.1");
  CHECK(house.registry->refused().empty());
#else
  CHECK(house.registry->find("needs-1.1") == nullptr);
  REQUIRE(house.registry->refused().size() == 1);
  CHECK(house.registry->refused()[0].second == "needs ABI 1.1, this host has 1.0");
#endif
}

}  // namespace junctor::testing
