#pragma once
// Ports of the tests' own, and connectors that use them through the gate.
#include <functional>
#include <map>
#include <thread>

#include "isolation/supervisor.h"
#include "plugin/ports.h"
#include "unit/plugin/plugin_house.h"

namespace junctor::testing {

// Answers as the test says, remembers what it was asked to send.
class RecordingNetwork final : public plugin::HttpPort {
 public:
  Result<plugin::HttpAnswer> send(const plugin::PortCall& call,
                                  const plugin::HttpSend& request) override {
    sent.push_back(request);
    tenant = call.tenant;
    return answer(request);
  }
  std::vector<plugin::HttpSend> sent;
  std::string tenant;
  std::function<Result<plugin::HttpAnswer>(const plugin::HttpSend&)> answer =
      [](const plugin::HttpSend&) -> Result<plugin::HttpAnswer> {
    return plugin::HttpAnswer{200, {{"X-Id", "7"}, {"set-cookie", "a=b"}}, "hello"};
  };
};

class MemoryStorage final : public plugin::KvPort {
 public:
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  Result<plugin::KvEntry> get(const plugin::PortCall&, const std::string& key) override {
    const auto found = entries.find(key);
    if (found == entries.end()) return notFound("no such key");
    return found->second;
  }
  Result<uint64_t> put(const plugin::PortCall&, const plugin::KvWrite& write) override {
    quota = write.quota_bytes;
    const auto found = entries.find(write.key);
    const uint64_t version = found == entries.end() ? 0 : found->second.version;
    if (write.if_version && *write.if_version != version) {
      return makeError(ErrorCode::AlreadyExists, "another version");
    }
    entries[write.key] = {write.value, version + 1, 0};
    return version + 1;
  }
  Result<void> remove(const plugin::PortCall&, const std::string& key) override {
    entries.erase(key);
    return {};
  }
  Result<Pairs> list(const plugin::PortCall&, const std::string& prefix, const std::string& after,
                     size_t limit) override {
    Pairs page;
    for (const auto& [key, entry] : entries) {
      if (key.starts_with(prefix) && key > after && page.size() < limit) {
        page.emplace_back(key, entry.value);
      }
    }
    return page;
  }
  std::map<std::string, plugin::KvEntry> entries;
  int64_t quota = 0;
};

class OneSecret final : public plugin::SecretsPort {
 public:
  Result<std::string> get(const plugin::PortCall&, const std::string& name) override {
    asked.push_back(name);
    return std::string("canary-4711");
  }
  std::vector<std::string> asked;
};

class CountedMetrics final : public plugin::MetricsPort {
 public:
  Result<void> count(const plugin::PortCall& call, const std::string& name, const Labels& labels,
                     uint64_t n) override {
    seen[std::string(call.connector) + "." + name + (labels.empty() ? "" : labels[0].second)] += n;
    return {};
  }
  Result<void> observeUs(const plugin::PortCall& call, const std::string& name, const Labels&,
                         uint64_t us) override {
    seen[std::string(call.connector) + "." + name] += us;
    return {};
  }
  std::map<std::string, uint64_t> seen;
};

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
