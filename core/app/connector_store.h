#pragma once
// The install store as this configuration sees it: its folder, whom it believes, what is shipped.
#include <string>
#include <vector>

#include "config/load.h"
#include "plugin/connector.h"
#include "trust/install_store.h"

namespace junctor::app {

// Raw public keys: those built in and those configured.
std::vector<std::string> rootsOf(const config::ServerConfig& config);
// Ids of the connectors in the package's folders; runs no code of them.
std::vector<std::string> shippedIds(const config::ServerConfig& config);
trust::InstallStore openConnectorStore(const config::ServerConfig& config, const Clock& clock);

// The store as a source of connectors: each scan verifies everything anew. What it hands out is the
// very bytes it checked, held in memory until the process ends, so that a path never names other
// code than it did before.
plugin::CheckedSource installedConnectors(const config::ServerConfig& config, const Clock& clock);

}  // namespace junctor::app
