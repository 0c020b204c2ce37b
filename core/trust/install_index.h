#pragma once
// What is installed, as index.json says it. Versions are pinned by digest.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "trust/capabilities.h"
#include "trust/keys.h"

namespace junctor::trust {

struct InstalledVersion {
  std::string version, digest;
  Level level = Level::Unsigned;
  std::string publisher, key_id;
  int64_t installed_at_ms = 0;
  Capabilities accepted;  // by whoever installed it
};

struct Installed {
  std::string id;
  std::vector<InstalledVersion> history;  // oldest first; the last one is active; never empty

  const InstalledVersion& active() const { return history.back(); }
};

struct InstallIndex {
  std::map<std::string, Installed> connectors;
  // The version an id was last set to. Outlives an uninstall, so that it is no way to downgrade.
  std::map<std::string, std::string> floors;

  static Result<InstallIndex> read(const std::string& text);
  std::string write() const;
  bool uses(const std::string& digest) const;
};

}  // namespace junctor::trust
