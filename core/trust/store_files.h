#pragma once
// The small files of the install store. A file that is not there is an empty one; one that cannot
// be read or understood is an error, never empty. Private to the room.
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "trust/install_index.h"
#include "trust/revocations.h"
#include "trust/store_folder.h"

namespace junctor::trust {

inline constexpr const char* kIndexFile = "index.json";
inline constexpr const char* kTrustFile = "trust.json";
inline constexpr const char* kRevokedFile = "revoked.json";
inline constexpr const char* kRootListFile = "revocations.json";

Result<InstallIndex> readIndex(const std::string& folder);
// Certificates as they were added, each checked again.
Result<std::vector<Json>> readPublishers(const std::string& folder);
std::string writePublishers(const std::vector<Json>& certificates);
Result<Revocations> readRevoked(const std::string& folder);
// The root's list; serial 0 and empty if there is none.
Result<SignedRevocations> readRootList(const std::string& folder,
                                       const std::vector<std::string>& roots);

}  // namespace junctor::trust
