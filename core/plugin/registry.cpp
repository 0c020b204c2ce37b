#include <map>

#include "base/files.h"
#include "base/log.h"
#include "plugin/connector.h"
#include "plugin/loaded_connector.h"

namespace junctor::plugin {
namespace {

constexpr std::string_view kSuffix = ".so";

class LoadedRegistry final : public Registry {
 public:
  LoadedRegistry(const Clock& clock, const HostPorts& ports) : clock_(clock), ports_(ports) {}

  void addFolder(const std::string& folder) {
    const auto names = listFolder(folder);
    if (!names) return refuse(folder, names.error().message);
    for (const std::string& name : *names) {
      if (name.ends_with(kSuffix)) add(absolutePath(folder + "/" + name));
    }
  }

  std::shared_ptr<Connector> find(const std::string& id) const override {
    const auto found = connectors_.find(id);
    return found == connectors_.end() ? nullptr : found->second;
  }
  std::vector<std::shared_ptr<Connector>> all() const override {
    std::vector<std::shared_ptr<Connector>> list;
    for (const auto& [id, connector] : connectors_) list.push_back(connector);
    return list;
  }
  std::vector<std::pair<std::string, std::string>> refused() const override { return refused_; }

 private:
  void add(const std::string& path) {
    auto loaded = load(path);
    if (!loaded) return refuse(path, loaded.error().message);
    const std::string id = (*loaded)->manifest().id;
    connectors_.emplace(id, std::move(*loaded));
  }

  Result<std::shared_ptr<Connector>> load(const std::string& path) const {
    JUNCTOR_TRY(Manifest manifest, readManifest(path));
    if (const auto first = connectors_.find(manifest.id); first != connectors_.end()) {
      return makeError(
          ErrorCode::AlreadyExists,
          "connector " + manifest.id + " is already loaded from " + first->second->path());
    }
    JUNCTOR_TRY(const Library* library, loadLibrary(path, manifest));
    return std::shared_ptr<Connector>(
        std::make_shared<LoadedConnector>(std::move(manifest), path, *library, clock_, ports_));
  }

  void refuse(const std::string& path, const std::string& reason) {
    log::error("plugin", {{"file", path}}, "connector refused: {}", reason);
    refused_.emplace_back(path, reason);
  }

  const Clock& clock_;
  const HostPorts ports_;
  std::map<std::string, std::shared_ptr<Connector>> connectors_;
  std::vector<std::pair<std::string, std::string>> refused_;
};

}  // namespace

std::unique_ptr<Registry> loadConnectors(const std::vector<std::string>& folders,
                                         const Clock& clock, const HostPorts& ports) {
  auto registry = std::make_unique<LoadedRegistry>(clock, ports);
  for (const std::string& folder : folders) registry->addFolder(folder);
  return registry;
}

}  // namespace junctor::plugin
