#pragma once
// Bundle: one connector version in one file (trust/tar.h is the container):
//   BUNDLE.json      format, id, version; name, size and SHA-256 of every file below
//   BUNDLE.sig       who vouches for the exact bytes of BUNDLE.json (trust/signature.h); may be
//   absent connector.so  manifest.json  [README.md] [LICENSE] [fixtures/…]     by name
// Reading runs no code of it and needs no key: it proves that the file is whole and consistent.
// Who made it is judge()'s question (trust/judge.h).
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "trust/capabilities.h"
#include "trust/tar.h"

namespace junctor::trust {

inline constexpr const char* kConnectorFile = "connector.so";
inline constexpr const char* kManifestFile = "manifest.json";

struct Bundle {
  std::string id, version;
  Capabilities capabilities;  // of its manifest.json
  std::string list;           // BUNDLE.json, byte for byte
  std::string digest;         // SHA-256 of `list` in hex: the bundle's name everywhere
  std::string signature;      // BUNDLE.sig; "" = unsigned
  std::vector<BundleFile> files;

  const std::string* find(std::string_view name) const;  // null: not in it
};

// InvalidArgument: not a bundle, damaged, or holding what it does not list.
Result<Bundle> readBundle(std::string_view bytes);

// From the files of a connector (in any order, without the two BUNDLE files). Id, version and
// capabilities are those of manifest.json. InvalidArgument says which file is missing or not
// allowed.
Result<Bundle> makeBundle(std::vector<BundleFile> files);
std::string writeBundle(const Bundle& bundle);

// Reads the file at `path` as the bundle's `name`.
Result<void> addFile(const std::string& path, const std::string& name,
                     std::vector<BundleFile>& files);
// Reads all files below `folder` as `name`/…: "fixtures". InvalidArgument: too many, too deep.
Result<void> addFolder(const std::string& folder, const std::string& name,
                       std::vector<BundleFile>& files);

}  // namespace junctor::trust
