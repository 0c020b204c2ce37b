#pragma once
// StoreFolder: the folder of the install store, through its file descriptor. Reads only plain files
// that nobody else may write, and never through a symbolic link; writes are atomic and durable
// (temporary file, fsync, rename, fsync of the folder). Private to the room.
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"

namespace junctor::trust {

class StoreFolder {
 public:
  // NotFound: it is not there. PermissionDenied: a link, or others may write into it.
  static Result<StoreFolder> open(const std::string& path);
  // Makes it (0700, of the owner of the folder above) and locks it against other writers for as
  // long as the object lives.
  static Result<StoreFolder> openToWrite(const std::string& path);

  Result<std::string> read(const std::string& name, size_t bytes_max) const;
  Result<void> write(const std::string& name, std::string_view bytes) const;
  Result<void> remove(const std::string& name) const;  // gone already is fine
  Result<std::vector<std::string>> names() const;

 private:
  StoreFolder(Descriptor folder, std::string path)
      : folder_(std::move(folder)), path_(std::move(path)) {}
  Descriptor folder_;
  std::string path_;
};

// A file in memory with these bytes, sealed: nobody can change it any more, not even its owner.
// Map it as /proc/self/fd/N. A loader knows libraries by name, so keep the descriptor open for as
// long as the process may load others: a number used twice would name the wrong one.
Result<Descriptor> sealedFile(const std::string& name, std::string_view bytes);

}  // namespace junctor::trust
