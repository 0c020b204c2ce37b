#pragma once
// The fixture connectors, and calls into them.
#include <catch2/catch.hpp>

#include <memory>
#include <string>

#include "base/files.h"
#include "plugin/connector.h"
#include "support/manual_clock.h"

namespace junctor::testing {

inline std::string fixtureFolder(const std::string& name) {
  return JUNCTOR_BINARY_DIR "/tests/connectors/" + name;
}

// The fixtures that load, on a clock of the test's choice.
struct PluginHouse {
  ManualClock manual;
  std::unique_ptr<plugin::Registry> registry;

  PluginHouse() : PluginHouse(nullptr) {}
  explicit PluginHouse(const Clock* clock)
      : registry(plugin::loadConnectors({fixtureFolder("loaded")}, clock ? *clock : manual)) {}

  Result<std::unique_ptr<plugin::Instance>> create(const std::string& connector,
                                                   const std::string& settings = "{}") const {
    auto found = registry->find(connector);
    if (!found) FAIL("connector " << connector << " is not loaded");
    Integration integration;
    integration.id = connector + "-1";
    integration.tenant = "acme";
    integration.connector = connector;
    integration.settings_json = settings;
    return found->create(integration);
  }

  Result<plugin::HandleResult> handle(const std::string& connector, const std::string& body,
                                      const std::string& settings = "{}") const {
    auto instance = create(connector, settings);
    if (!instance) FAIL(describe(instance.error()));
    RawRequest request;
    request.received_at_ms = manual.unixMs();
    request.method = "POST";
    request.url = "https://hooks.example/in?a=1&b=2#part";
    request.headers = {{"X-One", "1"}, {"X-Two", "two"}};
    request.body = body;
    return (*instance)->handle(request, JsonView());
  }

  Error refusal(const std::string& connector, const std::string& body) const {
    auto result = handle(connector, body);
    if (result) FAIL("'" << body << "' was accepted");
    return result.error();
  }
};

}  // namespace junctor::testing
