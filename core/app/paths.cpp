#include "app/paths.h"

#include <unistd.h>

#include <array>

namespace junctor::app {

std::string binaryFolder() {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
  if (size <= 0) return ".";
  const std::string whole(path.data(), static_cast<size_t>(size));
  return whole.substr(0, whole.rfind('/'));
}

std::string shippedConnectors() {
  return binaryFolder() + "/../lib/junctor/connectors";
}

std::vector<std::string> connectorFolders(const config::ServerConfig& config) {
  if (!config.connector_dirs.empty()) return config.connector_dirs;
  return {shippedConnectors()};
}

std::string samplesFolder(const std::string& connector) {
  return binaryFolder() + "/../share/junctor/samples/" + connector;
}

std::string mappingsFolder() {
  return binaryFolder() + "/../share/junctor/mappings";
}

}  // namespace junctor::app
