#pragma once
// The commands for connectors that somebody else ships: bundles, keys, the install store.
#include <string>
#include <vector>

#include "app/cli.h"
#include "base/json.h"
#include "trust/install_store.h"

namespace CLI {
class App;
}

namespace junctor::app {

// cli_connector_bundle.cpp
struct ConnectorPackOptions {
  std::string path;    // a connector's folder, or its .so
  std::string extras;  // folder with README.md, LICENSE, fixtures/ beside a .so
  std::string output;  // "" = ./<id>-<version>.junctor
};
struct ConnectorSignOptions {
  std::string bundle, key, certificate, output;  // output "" = in place
};
Result<int> connectorPack(const CliContext& context, const ConnectorPackOptions& options);
Result<int> connectorSign(const CliContext& context, const ConnectorSignOptions& options);
// A file, or the id of what is installed.
Result<int> connectorInspect(const CliContext& context, const std::string& what);

// cli_connector_install.cpp
struct ConnectorInstallOptions {
  std::string file;
  bool accept = false, allow_downgrade = false, dev = false;
};
Result<int> connectorInstall(const CliContext& context, const ConnectorInstallOptions& options);
Result<int> connectorRollback(const CliContext& context, const std::string& id);
Result<int> connectorUninstall(const CliContext& context, const std::string& id);

// cli_connector_keys.cpp
struct ConnectorKeyOptions {
  bool root = false;
  std::string publisher, prefix, expires, output;  // output: path without ending
};
struct ConnectorCertifyOptions {
  std::string certificate, key, level = "verified", expires, prefix, output;
};
struct ConnectorRevokeOptions {
  std::vector<std::string> what;
  std::string reason, import_file;
  bool undo = false, list = false;
  std::string sign_key, output;  // a root makes a list for others
  int64_t serial = 0;
};
Result<int> connectorKeyNew(const CliContext& context, const ConnectorKeyOptions& options);
Result<int> connectorKeyCertify(const CliContext& context, const ConnectorCertifyOptions& options);
Result<int> connectorTrustAdd(const CliContext& context, const std::string& file);
Result<int> connectorTrustList(const CliContext& context);
Result<int> connectorTrustRemove(const CliContext& context, const std::string& key_id);
Result<int> connectorRevoke(const CliContext& context, const ConnectorRevokeOptions& options);

// cli_connector_store.cpp: what these commands share.
using StoreAction = std::function<Result<int>(trust::InstallStore&)>;
// Runs `action` on the store of this host's data directory; 78 if the configuration is wrong.
Result<int> withStore(const CliContext& context, const StoreAction& action, bool dev = false);
// Prefixes the message with what it is about. A file that is wrong is a finding, not wrong usage.
Error about(const std::string& what, const Error& error);
// Tells the running server to load again; the answer is one of "reloaded", "not running" and
// "restart needed". Says on stderr what is to be done.
std::string tellServer(const CliContext& context);
Json verdictJson(const trust::Verdict& verdict);

// cli_connector_verbs.cpp: the verbs, below `connector`. `chosen` is set when one is given.
void addConnectorTrust(CLI::App& connector, CliAction& chosen);

}  // namespace junctor::app
