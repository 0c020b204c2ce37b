#include "app/connector_home.h"

#include <fmt/core.h>

#include "app/connector_store.h"
#include "app/paths.h"
#include "base/files.h"
#include "base/json_value.h"
#include "base/log.h"

namespace junctor::app {
namespace {

constexpr const char* kQuarantineKind = "connector-quarantine";

Result<std::map<std::string, std::string>> loadQuarantine(store::Store& store) {
  JUNCTOR_TRY(const auto documents, store.documents(kQuarantineKind));
  std::map<std::string, std::string> out;
  for (const auto& [key, text] : documents) {
    const auto json = parseJson(text);
    out[key] = json && json->is_object() ? json->value("cause", "crashed too often") : text;
  }
  return out;
}

void saveQuarantine(store::Store& store, const Clock& clock, const std::string& key,
                    const std::string& cause) {
  const Json record = {{"cause", cause}, {"at", formatRfc3339(clock.unixMs())}};
  const auto saved = cause.empty() ? store.removeDocument(kQuarantineKind, key)
                                   : store.putDocument(kQuarantineKind, key, dumpJson(record));
  if (!saved && saved.error().code != ErrorCode::NotFound) {
    log::error("app", {{"connector", key}}, "quarantine not saved: {}", saved.error().message);
  }
}

// What came with Junctor may run in the server; everything else gets a process, and so does what
// would disturb the server by its mere presence.
bool runsHere(const std::string& mode, const plugin::Manifest& manifest, const std::string& path) {
  if (manifest.runtime == "go" || mode == "isolated") return false;
  return mode == "in-process" || path.starts_with(absolutePath(shippedConnectors()) + "/");
}

}  // namespace

Result<std::unique_ptr<ConnectorHome>> ConnectorHome::open(const config::ServerConfig& config,
                                                           store::Store& store, const Clock& clock,
                                                           const plugin::HostPorts& ports) {
  std::unique_ptr<ConnectorHome> home(new ConnectorHome);
  isolation::SupervisorOptions options;
  options.runner = binaryFolder() + "/junctor-runner";
  options.per_tenant = config.connectors_per_tenant;
  options.ports = ports;
  options.landlock_min = config.connectors_sandbox == "required" ? 1 : 0;
  JUNCTOR_TRY(options.quarantined, loadQuarantine(store));
  options.save_quarantine = [&store, &clock](const std::string& key, const std::string& cause) {
    saveQuarantine(store, clock, key, cause);
  };
  home->supervisor_ = std::make_unique<isolation::Supervisor>(std::move(options), clock);
  const auto open = [here = plugin::openInProcess(clock, ports), mode = config.connectors_run,
                     supervisor = home->supervisor_.get()](plugin::Manifest manifest,
                                                           const std::string& path) {
    return runsHere(mode, manifest, path) ? here(std::move(manifest), path)
                                          : supervisor->open(std::move(manifest), path);
  };
  home->registry_ = plugin::loadConnectors(connectorFolders(config), open,
                                           installedConnectors(config, clock), open);
  return home;
}

std::string ConnectorHome::remarks() const {
  std::string text;
  const auto add = [&](const std::string& remark) { text += (text.empty() ? "" : "; ") + remark; };
  if (const size_t refused = registry_->refused().size(); refused > 0) {
    add(fmt::format("{} refused, see the log", refused));
  }
  for (const auto& connector : registry_->all()) {
    const std::string where = connector->runsIn();
    if (where != "in-process") add(connector->manifest().id + ": " + where);
  }
  return text;
}

}  // namespace junctor::app
