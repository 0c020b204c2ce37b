#include "trust/store_folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/files.h"

namespace junctor::trust {
namespace {

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0644;  // nothing in it is secret; the folder keeps others out
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;
#ifndef MFD_EXEC
constexpr unsigned kExecutable = 0x0010U;  // Linux 6.3, not in Debian 12's headers
#else
constexpr unsigned kExecutable = MFD_EXEC;
#endif

Error systemError(const std::string& what, int code) {
  const std::string text = what + ": " + std::generic_category().message(code);
  if (code == ENOENT) return notFound(text);
  if (code == ELOOP) return makeError(ErrorCode::PermissionDenied, what + " is a symbolic link");
  const bool full = code == ENOSPC || code == EDQUOT;
  if (full) return makeError(ErrorCode::ResourceExhausted, text);
  return makeError(
      code == EACCES || code == EPERM ? ErrorCode::PermissionDenied : ErrorCode::Internal, text);
}

Result<struct stat> statOf(int fd, const std::string& what) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return systemError(what, errno);
  return info;
}

// Whoever could write it could have put anything there.
Result<void> checkOwner(const struct stat& info, uid_t also, const std::string& what) {
  const bool own = info.st_uid == ::geteuid() || info.st_uid == 0 || info.st_uid == also;
  if (own && (info.st_mode & kOthersWrite) == 0) return {};
  return makeError(ErrorCode::PermissionDenied,
                   what + (own ? " may be written by others" : " belongs to somebody else"));
}

Result<void> writeAll(int fd, std::string_view bytes, const std::string& what) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return systemError(what, errno);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Result<std::string> readAll(int fd, size_t size, const std::string& what) {
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t n = ::read(fd, bytes.data() + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return systemError(what, errno);
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace

Result<StoreFolder> StoreFolder::open(const std::string& path) {
  Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.valid() && errno == ENOTDIR) {  // so says Linux of a link, with these two flags
    return makeError(ErrorCode::PermissionDenied, path + " is not a folder, or a symbolic link");
  }
  if (!folder.valid()) return systemError(path, errno);
  JUNCTOR_TRY(const struct stat info, statOf(folder.get(), path));
  JUNCTOR_CHECK(checkOwner(info, info.st_uid, path));
  return StoreFolder(std::move(folder), path);
}

Result<StoreFolder> StoreFolder::openToWrite(const std::string& path) {
  const std::string above = path.substr(0, path.rfind('/'));
  JUNCTOR_CHECK(makeFolders(above));
  if (::mkdir(path.c_str(), kFolderMode) == 0) {
    struct stat info{};
    if (::stat(above.c_str(), &info) == 0 && ::geteuid() == 0 &&
        ::lchown(path.c_str(), info.st_uid, info.st_gid) != 0) {
      return systemError(path, errno);
    }
  } else if (errno != EEXIST) {
    return systemError(path, errno);
  }
  JUNCTOR_TRY(StoreFolder folder, open(path));
  if (::flock(folder.folder_.get(), LOCK_EX) != 0) return systemError(path, errno);
  return folder;
}

Result<std::string> StoreFolder::read(const std::string& name, size_t bytes_max) const {
  const std::string what = path_ + "/" + name;
  const Descriptor file(
      ::openat(folder_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.valid()) return systemError(what, errno);
  JUNCTOR_TRY(const struct stat info, statOf(file.get(), what));
  JUNCTOR_TRY(const struct stat folder, statOf(folder_.get(), path_));
  if (!S_ISREG(info.st_mode)) {
    return makeError(ErrorCode::PermissionDenied, what + " is not a plain file");
  }
  JUNCTOR_CHECK(checkOwner(info, folder.st_uid, what));
  if (static_cast<uint64_t>(info.st_size) > bytes_max) {
    return invalidArgument(fmt::format("{} is larger than {} bytes", what, bytes_max));
  }
  return readAll(file.get(), static_cast<size_t>(info.st_size), what);
}

Result<void> StoreFolder::write(const std::string& name, std::string_view bytes) const {
  const std::string what = path_ + "/" + name, beside = "." + name + ".new";
  ::unlinkat(folder_.get(), beside.c_str(), 0);
  const Descriptor file(::openat(folder_.get(), beside.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!file.valid()) return systemError(what, errno);
  JUNCTOR_TRY(const struct stat folder, statOf(folder_.get(), path_));
  if (::geteuid() == 0 && ::fchown(file.get(), folder.st_uid, folder.st_gid) != 0) {
    return systemError(what, errno);
  }
  if (::fchmod(file.get(), kFileMode) != 0) return systemError(what, errno);
  JUNCTOR_CHECK(writeAll(file.get(), bytes, what));
  if (::fsync(file.get()) != 0 ||
      ::renameat(folder_.get(), beside.c_str(), folder_.get(), name.c_str()) != 0 ||
      ::fsync(folder_.get()) != 0) {
    return systemError(what, errno);
  }
  return {};
}

Result<void> StoreFolder::remove(const std::string& name) const {
  if (::unlinkat(folder_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  return systemError(path_ + "/" + name, errno);
}

Result<std::vector<std::string>> StoreFolder::names() const {
  return listFolder(path_);
}

Result<Descriptor> sealedFile(const std::string& name, std::string_view bytes) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  Descriptor file(::memfd_create(name.c_str(), kFlags | kExecutable));
  if (!file.valid() && errno == EINVAL) file = Descriptor(::memfd_create(name.c_str(), kFlags));
  if (!file.valid()) return systemError("memory for " + name, errno);
  JUNCTOR_CHECK(writeAll(file.get(), bytes, "memory for " + name));
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  if (::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return systemError("seal of " + name, errno);
  return file;
}

}  // namespace junctor::trust
