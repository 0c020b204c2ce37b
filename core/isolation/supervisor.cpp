#include "isolation/supervisor.h"

#include "base/log.h"
#include "isolation/isolated_connector.h"
#include "isolation/quarantine.h"
#include "isolation/spawner.h"

namespace junctor::isolation {

Supervisor::Supervisor(SupervisorOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      gate_(options_.ports, clock),
      quarantine_(std::make_unique<Quarantine>(options_.quarantined, options_.save_quarantine)),
      spawner_(std::make_unique<Spawner>(options_.runner, options_.idle_watch_ms)) {}

Supervisor::~Supervisor() = default;

Result<std::shared_ptr<plugin::Connector>> Supervisor::open(plugin::Manifest manifest,
                                                            const std::string& path) {
  const WardDeps deps{{*spawner_,
                       clock_,
                       {options_.start_ms, options_.call_ms, options_.idle_cpu_ms},
                       gate_.ports(),
                       options_.landlock_min},
                      *quarantine_};
  auto connector =
      std::make_shared<IsolatedConnector>(deps, std::move(manifest), path, options_.per_tenant);
  JUNCTOR_CHECK(connector->start());
  std::lock_guard lock(mutex_);
  std::erase_if(connectors_, [](const auto& weak) { return weak.expired(); });
  connectors_.push_back(connector);
  return std::shared_ptr<plugin::Connector>(std::move(connector));
}

Result<void> Supervisor::release(const std::string& id) {
  bool released = false;
  for (const auto& [key, cause] : quarantine_->all()) {
    if (key.starts_with(id + "@")) released |= quarantine_->release(key);
  }
  if (!released) return notFound("no version of connector '" + id + "' is quarantined");
  std::lock_guard lock(mutex_);
  for (const auto& weak : connectors_) {
    const auto connector = weak.lock();
    if (connector && connector->manifest().id == id) connector->pardon();
  }
  log::warn("isolation", {{"connector", id}}, "released from quarantine");
  return {};
}

std::vector<std::pair<std::string, std::string>> Supervisor::quarantined() const {
  return quarantine_->all();
}

}  // namespace junctor::isolation
