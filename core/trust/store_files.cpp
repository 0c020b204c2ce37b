#include "trust/store_files.h"

#include <optional>

#include "base/json_value.h"
#include "base/limits.h"
#include "base/strict_object.h"

namespace junctor::trust {
namespace {

Result<std::optional<std::string>> readIfThere(const std::string& folder, const char* name) {
  const auto opened = StoreFolder::open(folder);
  const bool absent = !opened && opened.error().code == ErrorCode::NotFound;
  if (absent) return std::optional<std::string>();
  if (!opened) return opened.error();
  auto text = opened->read(name, limits::kTrustFileBytesMax);
  if (text) return std::optional(std::move(*text));
  if (text.error().code == ErrorCode::NotFound) return std::optional<std::string>();
  return text.error();
}

Error damaged(const std::string& folder, const char* name, const Error& error) {
  return makeError(error.code == ErrorCode::PermissionDenied ? error.code : ErrorCode::DataLoss,
                   folder + "/" + name + ": " + error.message);
}

}  // namespace

Result<InstallIndex> readIndex(const std::string& folder) {
  JUNCTOR_TRY(const auto text, readIfThere(folder, kIndexFile));
  if (!text) return InstallIndex{};
  auto index = InstallIndex::read(*text);
  if (!index) return damaged(folder, kIndexFile, index.error());
  return index;
}

Result<std::vector<Json>> readPublishers(const std::string& folder) {
  JUNCTOR_TRY(const auto text, readIfThere(folder, kTrustFile));
  std::vector<Json> out;
  if (!text) return out;
  const auto json = parseJson(*text);
  if (!json) return damaged(folder, kTrustFile, json.error());
  const auto in = StrictObject::open(*json, "", {"publishers"});
  if (!in) return damaged(folder, kTrustFile, in.error());
  if (!in->has("publishers") || !in->at("publishers").is_array()) {
    return damaged(folder, kTrustFile, in->error("publishers", "must be a list"));
  }
  for (const Json& item : in->at("publishers")) {
    const auto checked = openCertificate(item, {});
    if (!checked) return damaged(folder, kTrustFile, checked.error());
    out.push_back(item);
  }
  return out;
}

std::string writePublishers(const std::vector<Json>& certificates) {
  return dumpJson({{"publishers", certificates}}, 1) + "\n";
}

Result<Revocations> readRevoked(const std::string& folder) {
  JUNCTOR_TRY(const auto text, readIfThere(folder, kRevokedFile));
  if (!text) return Revocations{};
  const auto json = parseJson(*text);
  if (!json) return damaged(folder, kRevokedFile, json.error());
  auto list = Revocations::read(*json);
  if (!list) return damaged(folder, kRevokedFile, list.error());
  return list;
}

Result<SignedRevocations> readRootList(const std::string& folder,
                                       const std::vector<std::string>& roots) {
  JUNCTOR_TRY(const auto text, readIfThere(folder, kRootListFile));
  if (!text) return SignedRevocations{};
  const auto json = parseJson(*text);
  if (!json) return damaged(folder, kRootListFile, json.error());
  auto list = openRevocations(*json, roots);
  if (!list) return damaged(folder, kRootListFile, list.error());
  return list;
}

}  // namespace junctor::trust
