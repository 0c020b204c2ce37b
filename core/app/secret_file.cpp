#include "app/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/descriptor.h"
#include "base/files.h"

namespace junctor::app {
namespace {

constexpr size_t kSecretFileBytesMax = 16 * 1024;

}  // namespace

Result<std::string> readSecretFile(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return notFound("there is no " + path);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return makeError(ErrorCode::PermissionDenied,
                     path + " holds a private key and may be read by others: chmod 600 " + path);
  }
  return readFile(path, kSecretFileBytesMax);
}

Result<void> createFile(const std::string& path, std::string_view content, unsigned mode) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                               static_cast<mode_t>(mode)));
  if (!file.valid()) return systemError(path, errno);
  while (!content.empty()) {
    const ssize_t n = ::write(file.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return systemError(path, errno);
    content.remove_prefix(static_cast<size_t>(n));
  }
  return ::fsync(file.get()) == 0 ? Result<void>() : systemError(path, errno);
}

}  // namespace junctor::app
