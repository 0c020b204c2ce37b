#include "app/connector_store.h"

#include <map>
#include <memory>

#include "app/paths.h"
#include "base/files.h"
#include "plugin/connector.h"
#include "trust/keys.h"

namespace junctor::app {
namespace {

using HeldCode = std::map<std::string, Descriptor>;  // by digest

std::string pathOf(int code_fd) {
  return "/proc/self/fd/" + std::to_string(code_fd);
}

// The host enforces what the note says and people read manifest.json: they must be one.
Result<void> inspectCode(int code_fd, const std::string& manifest_json) {
  auto manifest = plugin::readManifest(pathOf(code_fd));
  if (!manifest) {
    return invalidArgument(std::string(trust::kConnectorFile) + " " + manifest.error().message);
  }
  if (manifest->json == manifest_json) return {};
  return invalidArgument("its code was built with another manifest than its manifest.json");
}

}  // namespace

std::vector<std::string> rootsOf(const config::ServerConfig& config) {
  std::vector<std::string> roots = trust::builtInRoots();
  for (const std::string& text : config.connector_roots) {
    auto key = trust::parsePublicKey(text);  // checked when the configuration was read
    if (key) roots.push_back(std::move(*key));
  }
  return roots;
}

std::vector<std::string> shippedIds(const config::ServerConfig& config) {
  std::vector<std::string> ids;
  for (const std::string& folder : connectorFolders(config)) {
    const auto names = listFolder(folder);
    if (!names) continue;  // whoever loads them says so
    for (const std::string& name : *names) {
      const auto manifest = plugin::readManifest(folder + "/" + name);
      if (manifest) ids.push_back(manifest->id);
    }
  }
  return ids;
}

trust::InstallStore openConnectorStore(const config::ServerConfig& config, const Clock& clock) {
  trust::StoreSettings settings;
  settings.folder = absolutePath(config.data_dir) + "/connectors";
  settings.roots = rootsOf(config);
  settings.allow_unsigned = config.connectors_dev;
  settings.shipped = shippedIds(config);
  settings.inspect = inspectCode;
  return {std::move(settings), clock};
}

plugin::CheckedSource installedConnectors(const config::ServerConfig& config, const Clock& clock) {
  const auto held = std::make_shared<HeldCode>();  // a scan is one at a time
  return [config, &clock, held] {
    plugin::CheckedCodes codes;
    codes.may_stay = [&config, &clock](const std::string& id, const std::string& digest) {
      return openConnectorStore(config, clock).vouch(id, digest).has_value();
    };
    auto loaded = openConnectorStore(config, clock).loadAll();
    if (!loaded) {
      codes.refused.emplace_back("installed connectors", loaded.error().message);
      return codes;
    }
    for (trust::VerifiedConnector& connector : loaded->connectors) {
      const auto [kept, fresh] = held->try_emplace(connector.digest, std::move(connector.code));
      codes.found.push_back(
          {pathOf(kept->second.get()), connector.id + " " + connector.version, connector.digest});
    }
    for (const auto& [id, error] : loaded->refused) codes.refused.emplace_back(id, error.message);
    return codes;
  };
}

}  // namespace junctor::app
