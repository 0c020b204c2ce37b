#pragma once
// Every connector of this build, and its samples as requests.
#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json_doc.h"
#include "plugin/connector.h"
#include "support/manual_clock.h"

namespace junctor::testing {

inline const plugin::Registry& builtConnectors() {
  static const ManualClock clock;
  static const auto registry =
      plugin::loadConnectors({JUNCTOR_BINARY_DIR "/lib/junctor/connectors"}, clock);
  return *registry;
}

// Those that act alone have no samples.
inline std::vector<std::shared_ptr<plugin::Connector>> webhookConnectors() {
  std::vector<std::shared_ptr<plugin::Connector>> out = builtConnectors().all();
  std::erase_if(out, [](const auto& connector) {
    return !connector->manifest().offers("junctor.webhook/1");
  });
  return out;
}

inline std::string fixture(const std::string& connector, const std::string& file) {
  return readFile(JUNCTOR_SOURCE_DIR "/plugins/" + connector + "/fixtures/" + file).value();
}

// A request as the flow hands it to an instance.
struct Delivered {
  RawRequest request;
  JsonDoc document;
  JsonView body;

  Delivered(const std::string& connector, std::string bytes, Headers headers) {
    request.tenant = "acme";
    request.integration = connector + "-1";
    request.connector = connector;
    request.received_at_ms = 1'763'700'000'000;
    request.method = "POST";
    request.url = "https://hooks.example/v1/webhooks/incoming/" + connector + "-1";
    request.headers = std::move(headers);
    request.body = std::move(bytes);
    if (auto parsed = document.parse(request.body)) body = *parsed;
  }
};

inline Headers headersOf(const plugin::Sample& sample, const std::string& unique) {
  Headers headers = {{"Host", "hooks.example"}, {"Accept", "*/*"}};
  for (auto [name, value] : sample.headers) {
    if (const size_t at = value.find("{uuid}"); at != std::string::npos) {
      value.replace(at, 6, unique);
    }
    headers.emplace_back(name, value);
  }
  if (!findHeader(headers, "Content-Type"))
    headers.emplace_back("Content-Type", "application/json");
  return headers;
}

inline Delivered deliver(const plugin::Manifest& manifest, const plugin::Sample& sample,
                         const std::string& unique = "0000000000000001") {
  return {manifest.id, plugin::freshBody(sample, fixture(manifest.id, sample.file), unique).value(),
          headersOf(sample, unique)};
}

inline std::unique_ptr<plugin::Instance> instanceOf(plugin::Connector& connector,
                                                    const std::string& settings = "{}") {
  Integration integration;
  integration.id = connector.manifest().id + "-1";
  integration.tenant = "acme";
  integration.connector = connector.manifest().id;
  integration.settings_json = settings;
  auto made = connector.create(integration);
  if (!made) FAIL(describe(made.error()));
  return std::move(*made);
}

inline std::shared_ptr<plugin::Connector> connectorNamed(const std::string& id) {
  auto found = builtConnectors().find(id);
  if (!found) FAIL("connector " << id << " is not loaded");
  return found;
}

}  // namespace junctor::testing
