#include "store/sqlite/process_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/bytes.h"

namespace junctor::store {
namespace {

std::string ownerOf(int fd) {
  char text[32];
  const ssize_t n = ::pread(fd, text, sizeof text, 0);
  return n > 0 ? std::string(trim(std::string_view(text, static_cast<size_t>(n)))) : "unknown";
}

void writeOwner(int fd) {
  const std::string text = std::to_string(::getpid());
  // Only people read it, so a failure to write costs a name in a message and nothing else.
  if (::ftruncate(fd, 0) == 0) (void)!::pwrite(fd, text.data(), text.size(), 0);
}

}  // namespace

Result<ProcessLock> ProcessLock::take(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return unavailable(path + ": " + std::generic_category().message(errno));
  }
  ProcessLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return unavailable("the store is in use by process " + ownerOf(fd) + " (" + path + ")");
  }
  writeOwner(fd);
  return lock;
}

ProcessLock::ProcessLock(ProcessLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

ProcessLock::~ProcessLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace junctor::store
