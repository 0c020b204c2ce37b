#pragma once
// Where installed parts are found, relative to the running binary, so that a staged tree, a build
// tree and a package all work without settings.
#include <string>
#include <vector>

#include "config/load.h"

namespace junctor::app {

// Folder of the running executable.
std::string binaryFolder();
// <prefix>/lib/junctor/connectors: those that came with Junctor.
std::string shippedConnectors();
// connectors.dirs if given, else <prefix>/lib/junctor/connectors.
std::vector<std::string> connectorFolders(const config::ServerConfig& config);
// <prefix>/share/junctor/samples/<connector>
std::string samplesFolder(const std::string& connector);
// <prefix>/share/junctor/mappings: <connector>/<object>.json
std::string mappingsFolder();

}  // namespace junctor::app
