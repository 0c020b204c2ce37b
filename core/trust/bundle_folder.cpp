// A bundle's files, as they lie in folders.
#include <fmt/core.h>

#include <algorithm>

#include "base/files.h"
#include "base/limits.h"
#include "trust/bundle.h"

namespace junctor::trust {
namespace {

constexpr long kDepthMax = 8;  // of folders below fixtures/

}  // namespace

Result<void> addFile(const std::string& path, const std::string& name,
                     std::vector<BundleFile>& files) {
  JUNCTOR_TRY(std::string bytes, readFile(path, limits::kBundleBytesMax));
  files.push_back({name, std::move(bytes)});
  return {};
}

Result<void> addFolder(const std::string& folder, const std::string& name,
                       std::vector<BundleFile>& files) {
  if (std::count(name.begin(), name.end(), '/') > kDepthMax) {
    return invalidArgument(name + ": too many folders in each other");
  }
  JUNCTOR_TRY(const auto entries, listFolder(folder));
  for (const std::string& entry : entries) {
    if (files.size() > limits::kBundleFilesMax) {
      return invalidArgument(fmt::format("more than {} files", limits::kBundleFilesMax));
    }
    const std::string path = folder + "/" + entry;
    JUNCTOR_CHECK(isFolder(path) ? addFolder(path, name + "/" + entry, files)
                                 : addFile(path, name + "/" + entry, files));
  }
  return {};
}

}  // namespace junctor::trust
