#pragma once
// Small files: read whole with a cap, replaced atomically.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace junctor {

// The error of a system call on a file: `code` is its errno, `what` the path.
Error systemError(const std::string& what, int code);

Result<std::string> readFile(const std::string& path, size_t bytes_max = 16 * 1024 * 1024);
// Writes beside the target, fsyncs, renames. `mode` are the permission bits, e.g. 0600.
Result<void> replaceFile(const std::string& path, std::string_view content, unsigned mode);
// Makes the name of a file durable: after a rename, where a power cut must not bring back the old.
Result<void> syncFolderOf(const std::string& path);
Result<void> makeFolders(const std::string& path, unsigned mode = 0700);
bool fileExists(const std::string& path);
bool isFolder(const std::string& path);
// Names (not paths) in a folder, sorted, without dot files.
Result<std::vector<std::string>> listFolder(const std::string& path);
Result<uint64_t> freeBytes(const std::string& path);  // to an unprivileged user, on its file system
std::string absolutePath(const std::string& path);
void removeFile(const std::string& path);

}  // namespace junctor
