#pragma once
// A wild connector in a process of its own, and requests to it.
#include <catch2/catch.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "isolation/supervisor.h"
#include "plugin/verdict.h"

namespace junctor::testing {

inline std::string wildFolder(const std::string& name) {
  return JUNCTOR_BINARY_DIR "/tests/isolation/" + name;
}

struct WildHouse {
  std::map<std::string, std::string> saved;  // quarantine records, as on disk
  isolation::SupervisorOptions options;
  std::unique_ptr<isolation::Supervisor> supervisor;
  std::shared_ptr<plugin::Connector> connector;

  WildHouse() {
    options.runner = JUNCTOR_BINARY_DIR "/bin/junctor-runner";
    options.save_quarantine = [this](const std::string& key, const std::string& cause) {
      if (cause.empty()) {
        saved.erase(key);
      } else {
        saved[key] = cause;
      }
    };
  }

  Result<void> open(const std::string& file = "one/wild.so") {
    if (!supervisor) {
      options.quarantined = saved;
      supervisor = std::make_unique<isolation::Supervisor>(options, systemClock());
    }
    const std::string path = wildFolder(file);
    JUNCTOR_TRY(plugin::Manifest manifest, plugin::readManifest(path));
    JUNCTOR_TRY(connector, supervisor->open(std::move(manifest), path));
    return {};
  }
  void start() {
    const auto opened = open();
    if (!opened) FAIL(describe(opened.error()));
  }
  void restart() {
    connector.reset();
    supervisor.reset();
    start();
  }

  Result<std::unique_ptr<plugin::Instance>> create(const std::string& settings = "{}",
                                                   const std::string& tenant = "acme") const {
    Integration integration;
    integration.id = tenant + "-wild";
    integration.tenant = tenant;
    integration.connector = "wild";
    integration.settings_json = settings;
    return connector->create(integration);
  }
  std::unique_ptr<plugin::Instance> instance(const std::string& tenant = "acme") const {
    auto made = create("{}", tenant);
    if (!made) FAIL(describe(made.error()));
    return std::move(*made);
  }

  static RawRequest request(const std::string& body) {
    static std::atomic<uint64_t> last = 0;
    RawRequest out;
    out.id.uuid.lo = ++last;
    out.method = "POST";
    out.url = "https://hooks.example/in?a=1";
    out.headers = {{"X-One", "1"}, {"X-Two", "two"}};
    out.body = body;
    return out;
  }
  static Result<plugin::HandleResult> handle(plugin::Instance& instance, const std::string& body) {
    return instance.handle(request(body), JsonView());
  }
  // A begun request's, however long it takes.
  static Result<plugin::HandleResult> handleBegun(plugin::Instance& instance,
                                                  const RawRequest& begun) {
    for (;;) {
      auto handled = instance.handle(begun, JsonView());
      if (handled) return handled;
      const Error& error = handled.error();
      if (!plugin::isRestarting(error) && !plugin::isBusy(error)) return handled;
    }
  }
  // The only event's type, or its payload if it has one; else the error.
  static std::string outcome(const Result<plugin::HandleResult>& handled) {
    if (!handled) return handled.error().message;
    if (handled->events.size() != 1) return std::to_string(handled->events.size()) + " events";
    const Event& event = handled->events[0];
    return event.payload_json.empty() ? event.type : event.payload_json;
  }
  static std::string tell(plugin::Instance& instance, const std::string& body) {
    return outcome(handle(instance, body));
  }
  // As a flow does it: when the connector is starting again, ask later.
  static std::string tellPatiently(plugin::Instance& instance, const std::string& body) {
    for (;;) {
      const auto handled = handle(instance, body);
      if (handled || !plugin::isRestarting(handled.error())) return outcome(handled);
    }
  }
};

}  // namespace junctor::testing
