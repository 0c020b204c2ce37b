#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/descriptor.h"

namespace junctor {
namespace fs = std::filesystem;

Error systemError(const std::string& what, int code) {
  const std::string text = what + ": " + std::generic_category().message(code);
  if (code == ENOENT) return notFound(text);
  if (code == EEXIST) return makeError(ErrorCode::AlreadyExists, text);
  if (code == ENOSPC || code == EDQUOT) return makeError(ErrorCode::ResourceExhausted, text);
  return makeError(
      code == EACCES || code == EPERM ? ErrorCode::PermissionDenied : ErrorCode::Internal, text);
}

namespace {

Result<void> writeAll(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return systemError(path, errno);
    content.remove_prefix(static_cast<size_t>(n));
  }
  if (::fsync(fd) != 0) return systemError(path, errno);
  return {};
}

}  // namespace

Result<std::string> readFile(const std::string& path, size_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return systemError(path, errno);
  std::string content;
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return systemError(path, errno);
    if (n == 0) return content;
    content.append(buffer, static_cast<size_t>(n));
    if (content.size() > bytes_max) {
      return invalidArgument(path + ": larger than " + std::to_string(bytes_max) + " bytes");
    }
  }
}

Result<void> replaceFile(const std::string& path, std::string_view content, unsigned mode) {
  const std::string beside = path + ".new";
  {
    const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                 static_cast<mode_t>(mode)));
    if (file.get() < 0) return systemError(beside, errno);
    JUNCTOR_CHECK(writeAll(file.get(), content, beside));
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return systemError(path, errno);
  return {};
}

Result<void> syncFolderOf(const std::string& path) {
  const std::string folder = fs::path(absolutePath(path)).parent_path().string();
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0 || ::fsync(opened.get()) != 0) return systemError(folder, errno);
  return {};
}

Result<void> makeFolders(const std::string& path, unsigned mode) {
  std::error_code code;
  if (fs::is_directory(path, code)) return {};
  fs::create_directories(path, code);
  if (code) return systemError(path, code.value());
  fs::permissions(path, static_cast<fs::perms>(mode), code);
  return {};
}

bool fileExists(const std::string& path) {
  std::error_code code;
  return fs::exists(path, code);
}

bool isFolder(const std::string& path) {
  std::error_code code;
  return fs::is_directory(path, code);
}

Result<std::vector<std::string>> listFolder(const std::string& path) {
  std::error_code code;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(path, code), end; !code && entry != end;
       entry.increment(code)) {
    std::string name = entry->path().filename().string();
    if (!name.starts_with('.')) names.push_back(std::move(name));
  }
  if (code) return systemError(path, code.value());
  std::sort(names.begin(), names.end());
  return names;
}

Result<uint64_t> freeBytes(const std::string& path) {
  struct statvfs info{};
  if (::statvfs(path.c_str(), &info) != 0) return systemError(path, errno);
  return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
}

std::string absolutePath(const std::string& path) {
  std::error_code code;
  const fs::path absolute = fs::absolute(path, code);
  return code ? path : absolute.lexically_normal().string();
}

void removeFile(const std::string& path) {
  std::error_code code;
  fs::remove(path, code);
}

}  // namespace junctor
