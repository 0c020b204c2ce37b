#include "trust/bundle.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/json_value.h"
#include "base/limits.h"
#include "base/strict_object.h"
#include "crypto/hash.h"
#include "trust/version.h"

namespace junctor::trust {
namespace {

constexpr const char* kListFile = "BUNDLE.json";
constexpr const char* kSignatureFile = "BUNDLE.sig";
constexpr int64_t kListFormat = 1;

bool allowedFile(std::string_view name) {
  return name == kConnectorFile || name == kManifestFile || name == "README.md" ||
         name == "LICENSE" || name.starts_with("fixtures/");
}

bool cleanId(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

Result<void> readName(const Json& json, Bundle& out) {
  const auto text = [&json](const char* key) {
    const bool there = json.is_object() && json.contains(key) && json[key].is_string();
    return there ? json[key].get<std::string>() : std::string();
  };
  out.id = text("id");
  out.version = text("version");
  if (!cleanId(out.id)) return invalidArgument("id: must be lower-case letters, digits, '-', '.'");
  if (!Version::parse(out.version)) {
    return invalidArgument("version: must be as 1.2.3 (Semantic Versioning)");
  }
  return {};
}

// What the bundle needs of the manifest; the plugin room reads all of it.
Result<void> readManifestFile(Bundle& out) {
  const std::string* text = out.find(kManifestFile);
  if (!text) return invalidArgument(fmt::format("holds no {}", kManifestFile));
  if (text->size() > limits::kManifestBytesMax) return invalidArgument("manifest.json: over 1 MiB");
  JUNCTOR_TRY(const Json json, parseJson(*text));
  JUNCTOR_CHECK(readName(json, out));
  if (!json.contains("capabilities")) return {};
  JUNCTOR_TRY(out.capabilities, readCapabilities(json["capabilities"], "capabilities"));
  return {};
}

Result<void> describeManifest(Bundle& out) {
  auto read = readManifestFile(out);
  if (!read) return invalidArgument("manifest.json: " + read.error().message);
  return read;
}

Json listedAs(const BundleFile& file) {
  return {
      {"path", file.name}, {"size", file.bytes.size()}, {"sha256", crypto::sha256Hex(file.bytes)}};
}

Result<void> checkListed(const Json& item, const std::string& path, const BundleFile& file) {
  JUNCTOR_TRY(const auto entry, StrictObject::open(item, path, {"path", "size", "sha256"}));
  JUNCTOR_TRY(const std::string name, entry.requiredText("path"));
  if (name != file.name) {
    return invalidArgument(fmt::format("its list names {} where it holds {}", name, file.name));
  }
  if (item != listedAs(file)) {
    return invalidArgument(fmt::format("{} is not what the list says: it was changed", name));
  }
  return {};
}

// The list and the files must be the same, in the same order.
Result<void> checkList(Bundle& out) {
  JUNCTOR_TRY(const Json json, parseJson(out.list));
  JUNCTOR_TRY(const auto list, StrictObject::open(json, "", {"format", "id", "version", "files"}));
  JUNCTOR_TRY(const int64_t format, list.integer("format", 0, 0, 1'000'000));
  if (format != kListFormat) return list.error("format", "is not one that this version reads");
  JUNCTOR_TRY(const std::string id, list.requiredText("id"));
  JUNCTOR_TRY(const std::string version, list.requiredText("version"));
  if (!list.has("files") || !list.at("files").is_array()) return list.error("files", "is required");
  const Json& files = list.at("files");
  for (size_t i = 0; i < std::min(files.size(), out.files.size()); ++i) {
    JUNCTOR_CHECK(checkListed(files[i], fmt::format("files[{}]", i), out.files[i]));
  }
  if (files.size() < out.files.size()) {
    return invalidArgument(
        fmt::format("holds {}, which its list does not name", out.files[files.size()].name));
  }
  if (files.size() > out.files.size()) {
    return invalidArgument("lacks files that its list names");
  }
  JUNCTOR_CHECK(describeManifest(out));
  if (id != out.id || version != out.version) {
    return invalidArgument("its list and its manifest name different connectors");
  }
  return {};
}

Result<void> checkFiles(const std::vector<BundleFile>& files) {
  for (size_t i = 0; i < files.size(); ++i) {
    if (!allowedFile(files[i].name) || !cleanFileName(files[i].name)) {
      return invalidArgument(fmt::format("{} has no place in a bundle", files[i].name));
    }
    if (i > 0 && files[i].name <= files[i - 1].name) {
      return invalidArgument(fmt::format("{} is there twice, or not in order", files[i].name));
    }
  }
  const bool code = std::any_of(files.begin(), files.end(), [](const BundleFile& file) {
    return file.name == kConnectorFile && !file.bytes.empty();
  });
  if (!code) return invalidArgument(fmt::format("holds no {}", kConnectorFile));
  return {};
}

}  // namespace

const std::string* Bundle::find(std::string_view name) const {
  for (const BundleFile& file : files) {
    if (file.name == name) return &file.bytes;
  }
  return nullptr;
}

Result<Bundle> readBundle(std::string_view bytes) {
  JUNCTOR_TRY(std::vector<BundleFile> files, readTar(bytes));
  if (files.empty() || files[0].name != kListFile) {
    return invalidArgument(fmt::format("does not begin with {}", kListFile));
  }
  Bundle bundle;
  bundle.list = std::move(files[0].bytes);
  size_t first = 1;
  if (files.size() > 1 && files[1].name == kSignatureFile) {
    bundle.signature = std::move(files[1].bytes);
    if (bundle.signature.empty()) return invalidArgument("has an empty signature");
    first = 2;
  }
  if (bundle.list.size() > limits::kBundleListBytesMax ||
      bundle.signature.size() > limits::kBundleSignatureBytesMax) {
    return invalidArgument("has too long a list or signature");
  }
  files.erase(files.begin(), files.begin() + static_cast<long>(first));
  JUNCTOR_CHECK(checkFiles(files));
  bundle.files = std::move(files);
  bundle.digest = crypto::sha256Hex(bundle.list);
  JUNCTOR_CHECK(checkList(bundle));
  return bundle;
}

Result<Bundle> makeBundle(std::vector<BundleFile> files) {
  std::sort(files.begin(), files.end(),
            [](const BundleFile& a, const BundleFile& b) { return a.name < b.name; });
  if (files.size() + 2 > limits::kBundleFilesMax) {
    return invalidArgument(fmt::format("more than {} files", limits::kBundleFilesMax - 2));
  }
  JUNCTOR_CHECK(checkFiles(files));
  Bundle bundle;
  bundle.files = std::move(files);
  JUNCTOR_CHECK(describeManifest(bundle));
  Json list = Json::array();
  for (const BundleFile& file : bundle.files) list.push_back(listedAs(file));
  bundle.list = dumpJson({{"format", kListFormat},
                          {"id", bundle.id},
                          {"version", bundle.version},
                          {"files", std::move(list)}},
                         1) +
                "\n";
  bundle.digest = crypto::sha256Hex(bundle.list);
  if (writeBundle(bundle).size() + limits::kBundleSignatureBytesMax > limits::kBundleBytesMax) {
    return invalidArgument(
        fmt::format("would be larger than {} MiB", limits::kBundleBytesMax / (1024 * 1024)));
  }
  return bundle;
}

std::string writeBundle(const Bundle& bundle) {
  std::vector<BundleFile> files = {{kListFile, bundle.list}};
  if (!bundle.signature.empty()) files.push_back({kSignatureFile, bundle.signature});
  files.insert(files.end(), bundle.files.begin(), bundle.files.end());
  return writeTar(files);
}

}  // namespace junctor::trust
