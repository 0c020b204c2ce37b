#include "trust/install_index.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/json_value.h"
#include "base/strict_object.h"

namespace junctor::trust {
namespace {

constexpr int64_t kIndexFormat = 1;

Result<Level> readLevel(const StrictObject& in) {
  JUNCTOR_TRY(const std::string text, in.requiredText("level"));
  for (const Level level : {Level::Unsigned, Level::Private, Level::Verified, Level::Core}) {
    if (text == toString(level)) return level;
  }
  return in.error("level", "is unknown");
}

Result<InstalledVersion> readVersion(const Json& json, const std::string& path) {
  JUNCTOR_TRY(const auto in, StrictObject::open(json, path,
                                                {"version", "digest", "level", "publisher", "key",
                                                 "installed_at_ms", "accepted"}));
  InstalledVersion out;
  JUNCTOR_TRY(out.version, in.requiredText("version"));
  JUNCTOR_TRY(out.digest, in.requiredText("digest"));
  const bool hex = out.digest.size() == 64 &&
                   out.digest.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hex) return in.error("digest", "must be 64 hex digits");  // it becomes a file name
  JUNCTOR_TRY(out.level, readLevel(in));
  JUNCTOR_TRY(out.publisher, in.text("publisher"));
  JUNCTOR_TRY(out.key_id, in.text("key"));
  JUNCTOR_TRY(out.installed_at_ms, in.integer("installed_at_ms", 0, 0, INT64_MAX));
  if (!in.has("accepted")) return in.error("accepted", "is required");
  JUNCTOR_TRY(out.accepted, readCapabilities(in.at("accepted"), in.pathOf("accepted")));
  return out;
}

Json versionJson(const InstalledVersion& version) {
  return {{"version", version.version},
          {"digest", version.digest},
          {"level", toString(version.level)},
          {"publisher", version.publisher},
          {"key", version.key_id},
          {"installed_at_ms", version.installed_at_ms},
          {"accepted", toJson(version.accepted)}};
}

Result<Installed> readConnector(const std::string& id, const Json& json) {
  const std::string path = "connectors." + id;
  if (!json.is_array() || json.empty()) return invalidArgument(path + ": must be a list");
  Installed out;
  out.id = id;
  for (const Json& item : json) {
    JUNCTOR_TRY(InstalledVersion version, readVersion(item, path));
    out.history.push_back(std::move(version));
  }
  return out;
}

}  // namespace

Result<InstallIndex> InstallIndex::read(const std::string& text) {
  JUNCTOR_TRY(const Json json, parseJson(text));
  JUNCTOR_TRY(const auto in, StrictObject::open(json, "", {"format", "connectors", "floors"}));
  JUNCTOR_TRY(const int64_t format, in.integer("format", 0, 0, 1'000'000));
  if (format != kIndexFormat) return in.error("format", "is not one that this version reads");
  if (!in.has("connectors") || !in.at("connectors").is_object()) {
    return in.error("connectors", "must be an object");
  }
  InstallIndex out;
  for (const auto& [id, history] : in.at("connectors").items()) {
    JUNCTOR_TRY(out.connectors[id], readConnector(id, history));
  }
  if (!in.has("floors") || !in.at("floors").is_object()) {
    return in.error("floors", "must be an object");
  }
  for (const auto& [id, version] : in.at("floors").items()) {
    if (!version.is_string()) return in.error("floors", "must be versions");
    out.floors[id] = version.get<std::string>();
  }
  return out;
}

std::string InstallIndex::write() const {
  Json all = Json::object(), lowest = Json::object();
  for (const auto& [id, connector] : connectors) {
    Json history = Json::array();
    for (const InstalledVersion& version : connector.history) {
      history.push_back(versionJson(version));
    }
    all[id] = std::move(history);
  }
  for (const auto& [id, version] : floors) lowest[id] = version;
  return dumpJson({{"format", kIndexFormat}, {"connectors", all}, {"floors", lowest}}, 1) + "\n";
}

bool InstallIndex::uses(const std::string& digest) const {
  return std::any_of(connectors.begin(), connectors.end(), [&](const auto& entry) {
    const auto& history = entry.second.history;
    return std::any_of(history.begin(), history.end(),
                       [&](const InstalledVersion& v) { return v.digest == digest; });
  });
}

}  // namespace junctor::trust
