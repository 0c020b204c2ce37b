#pragma once
// <data_dir>/server.json (0600): how the CLI on the same host finds the running server and its
// rights. Whoever may read the data directory may administer the server.
#include <string>

#include "base/result.h"

namespace junctor::app {

struct ServerFile {
  std::string admin_url;
  std::string public_url;
  std::string token;  // lives as long as the process
};

Result<void> writeServerFile(const std::string& data_dir, const ServerFile& file);
// NotFound with a helpful sentence if no server runs on that directory.
Result<ServerFile> readServerFile(const std::string& data_dir);
void removeServerFile(const std::string& data_dir);

}  // namespace junctor::app
