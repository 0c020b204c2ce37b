#pragma once
// ConnectorHome: where connectors run, here or in processes of their own, and what is remembered of
// those that crash.
#include <memory>
#include <string>
#include <vector>

#include "config/load.h"
#include "isolation/supervisor.h"
#include "plugin/connector.h"
#include "store/store.h"

namespace junctor::app {

class ConnectorHome {
 public:
  // Reads the quarantine from the store, finds and opens all connectors: the folders' and the
  // installed ones.
  static Result<std::unique_ptr<ConnectorHome>> open(const config::ServerConfig& config,
                                                     store::Store& store, const Clock& clock,
                                                     const plugin::HostPorts& ports);

  plugin::Registry& registry() { return *registry_; }
  const plugin::Registry& registry() const { return *registry_; }
  Result<void> release(const std::string& id) { return supervisor_->release(id); }
  // One line for a readiness check: what was refused, quarantined, or is locked in less than fully.
  std::string remarks() const;

 private:
  ConnectorHome() = default;

  std::unique_ptr<isolation::Supervisor> supervisor_;
  std::unique_ptr<plugin::Registry> registry_;
};

}  // namespace junctor::app
