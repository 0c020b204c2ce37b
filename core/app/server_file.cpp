#include "app/server_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/bytes.h"
#include "base/files.h"
#include "base/json_value.h"

namespace junctor::app {
namespace {

std::string pathIn(const std::string& data_dir) {
  return data_dir + "/server.json";
}

}  // namespace

Result<void> writeServerFile(const std::string& data_dir, const ServerFile& file) {
  const Json json = {
      {"admin_url", file.admin_url}, {"public_url", file.public_url}, {"token", file.token}};
  return replaceFile(pathIn(data_dir), dumpJson(json, 2) + "\n", 0600);
}

Result<ServerFile> readServerFile(const std::string& data_dir) {
  auto text = readFile(pathIn(data_dir));
  if (!text) {
    return notFound("no server is running on " + data_dir +
                    " (start it: junctor serve --data-dir " + data_dir +
                    ", or name one with --server)");
  }
  JUNCTOR_TRY(const Json json, parseJson(*text));
  return ServerFile{json.value("admin_url", ""), json.value("public_url", ""),
                    json.value("token", "")};
}

void removeServerFile(const std::string& data_dir, const std::string& token) {
  const auto file = readServerFile(data_dir);
  if (file && file->token == token) removeFile(pathIn(data_dir));
}

Result<DataDirLock> DataDirLock::take(const std::string& data_dir) {
  const std::string path = data_dir + "/server.lock";
  DataDirLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.fd_ < 0) return systemError(path, errno);
  if (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return systemError(path, errno);
    const auto pid = readFile(path, 64);
    return makeError(ErrorCode::AlreadyExists, "a server runs on " + data_dir + " already (pid " +
                                                   std::string(trim(pid ? *pid : "unknown")) + ")");
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(lock.fd_, 0) != 0 ||
      ::pwrite(lock.fd_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return systemError(path, errno);
  }
  return lock;
}

DataDirLock::~DataDirLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace junctor::app
