#pragma once
// Connectors that use the ports of the tests through the gate, in this process or in their own.
#include <thread>

#include "isolation/supervisor.h"
#include "unit/plugin/port_fakes.h"

namespace junctor::testing {

enum class Runs { Here, Apart };

// The fixture connectors over those ports. Every test case that has a house runs twice: with its
// connectors in this process, and with them in processes of their own. What it checks is the same.
struct PortsHouse {
  const Runs runs = GENERATE(Runs::Here, Runs::Apart);
  ManualClock manual;
  const int64_t built_ms = systemClock().unixMs();
  RecordingNetwork network;
  MemoryStorage storage;
  OneSecret secrets;
  CountedMetrics metrics;
  std::unique_ptr<isolation::Supervisor> supervisor;
  std::unique_ptr<plugin::Registry> registry;

  explicit PortsHouse(bool with_ports = true) {
    const plugin::HostPorts ports = with_ports
                                        ? plugin::HostPorts{&network, &storage, &secrets, &metrics}
                                        : plugin::HostPorts{};
    if (runs == Runs::Here) {
      registry = plugin::loadConnectors({fixtureFolder("loaded")}, manual, ports);
      return;
    }
    isolation::SupervisorOptions options;
    options.runner = JUNCTOR_BINARY_DIR "/bin/junctor-runner";
    options.ports = ports;
    supervisor = std::make_unique<isolation::Supervisor>(options, systemClock());
    registry = plugin::loadConnectors(
        {fixtureFolder("loaded")}, [this](plugin::Manifest manifest, const std::string& path) {
          const bool used =
              manifest.id == "everything" || manifest.id == "misbehaves" || manifest.id == "probe";
          return used ? supervisor->open(std::move(manifest), path)
                      : plugin::openNothing()(std::move(manifest), path);
        });
  }

  // Is that the connector's idea of now?
  bool isNow(int64_t unix_ms) const {
    if (runs == Runs::Here) return unix_ms == manual.unixMs();
    return unix_ms >= built_ms && unix_ms <= systemClock().unixMs();
  }
  // The connector's clock moves on by at least that.
  void pass(std::chrono::milliseconds time) {
    if (runs == Runs::Here) return manual.pass(time);
    std::this_thread::sleep_for(time);
  }

  std::unique_ptr<plugin::Instance> create(const std::string& connector,
                                           const std::string& settings = R"({"shop":"s1"})") const {
    auto found = registry->find(connector);
    if (!found) FAIL("connector " << connector << " is not loaded");
    Integration integration;
    integration.id = connector + "-1";
    integration.tenant = "acme";
    integration.connector = connector;
    integration.settings_json = settings;
    auto made = found->create(integration);
    if (!made) FAIL(describe(made.error()));
    return std::move(*made);
  }

  Result<plugin::ActionResult> act(const std::string& name, const std::string& params = "{}",
                                   const plugin::CallOptions& options = {},
                                   const std::string& key = "") const {
    return create("everything")->execute({name, params, key}, options);
  }
};

}  // namespace junctor::testing
