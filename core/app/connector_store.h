#pragma once
// The install store as this configuration sees it: its folder, whom it believes, what is shipped.
#include <string>
#include <vector>

#include "config/load.h"
#include "trust/install_store.h"

namespace junctor::app {

// Raw public keys: those built in and those configured.
std::vector<std::string> rootsOf(const config::ServerConfig& config);
// Ids of the connectors in the package's folders; runs no code of them.
std::vector<std::string> shippedConnectors(const config::ServerConfig& config);
trust::InstallStore openConnectorStore(const config::ServerConfig& config, const Clock& clock);

// "/proc/self/fd/7": the name under which this process reads and maps the code.
std::string pathOf(const Descriptor& code);

}  // namespace junctor::app
