#pragma once
// Supervisor: everything that runs connectors in processes of their own, for the composition root.
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "plugin/connector.h"
#include "plugin/gate.h"

namespace junctor::isolation {

struct SupervisorOptions {
  std::string runner;                              // path of junctor-runner
  bool per_tenant = false;                         // a process per connector and tenant
  std::map<std::string, std::string> quarantined;  // as saved before: key -> cause
  // Makes one entry durable; an empty cause takes it away. Any thread.
  std::function<void(const std::string& key, const std::string& cause)> save_quarantine;
  // What the host's services need of the world, as for a connector in this process.
  plugin::HostPorts ports{};
  // Run no code with a lower landlock, or without seccomp; 0 = with whatever this kernel has.
  uint32_t landlock_min = 0;
  int64_t start_ms = limits::kConnectorStartMs;
  int64_t call_ms = limits::kConnectorKillMs;
  int64_t idle_watch_ms = limits::kConnectorIdleWatchMs;
  int64_t idle_cpu_ms = limits::kConnectorIdleCpuMs;
};

class Spawner;
class Quarantine;
class IsolatedConnector;

class Supervisor {
 public:
  Supervisor(SupervisorOptions options, const Clock& clock);
  ~Supervisor();  // connectors it made must be gone

  // Starts the connector's process and opens it there, unless it is quarantined.
  Result<std::shared_ptr<plugin::Connector>> open(plugin::Manifest manifest,
                                                  const std::string& path);
  // Lets a quarantined connector run again. NotFound: none of that id is quarantined.
  Result<void> release(const std::string& id);
  std::vector<std::pair<std::string, std::string>> quarantined() const;  // "id@version", cause

 private:
  const SupervisorOptions options_;
  const Clock& clock_;
  plugin::Gate gate_;
  std::unique_ptr<Quarantine> quarantine_;
  std::unique_ptr<Spawner> spawner_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<IsolatedConnector>> connectors_;  // guarded by mutex_
};

}  // namespace junctor::isolation
