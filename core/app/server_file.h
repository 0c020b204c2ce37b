#pragma once
// <data_dir>/server.json (0600): how the CLI on the same host finds the running server and its
// rights. Whoever may read the data directory may administer the server.
#include <string>
#include <utility>

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
// Only if it is the one with `token`: another server's file stays.
void removeServerFile(const std::string& data_dir, const std::string& token);

// <data_dir>/server.lock, locked while the object lives and the process does: one server per data
// directory, whatever its store is called. The file stays, with the pid of the last holder.
class DataDirLock {
 public:
  static Result<DataDirLock> take(const std::string& data_dir);  // AlreadyExists names the pid
  DataDirLock(DataDirLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  DataDirLock& operator=(DataDirLock&&) = delete;
  ~DataDirLock();

 private:
  explicit DataDirLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace junctor::app
