// What traced runs read, by path.
#include <algorithm>

#include "script/context.h"

namespace junctor::script {
namespace {

constexpr size_t kShownBytes = 80;

std::string shown(JsonView value) {
  if (!value.valid()) return "";
  if (value.isObject()) return "{…}";
  if (value.isArray()) return "[…]";
  return value.dump().substr(0, kShownBytes);
}

}  // namespace

uint32_t ReadLog::child(uint32_t parent, std::string_view name) {
  std::string path = paths[parent];
  if (!path.empty()) path += '.';
  path += name;
  const auto known = std::find(paths.begin() + 1, paths.end(), path);
  if (known != paths.end()) return static_cast<uint32_t>(known - paths.begin());
  if (paths.size() >= limits::kRuleTracePathsMax) return 0;
  paths.push_back(std::move(path));
  return static_cast<uint32_t>(paths.size() - 1);
}

void ReadLog::note(uint32_t path, JsonView value) {
  if (path != 0) add(paths[path], shown(value));
}

void ReadLog::noteText(std::string_view name, std::string_view value) {
  const uint32_t path = child(0, name);
  if (path == 0) return;
  add(paths[path], value.empty() ? "" : '"' + std::string(value.substr(0, kShownBytes)) + '"');
}

void ReadLog::add(const std::string& path, std::string value) {
  last = path + (value.empty() ? " is absent" : " = " + value);
  const auto known = std::find_if(reads->begin(), reads->end(),
                                  [&](const Trace::Read& read) { return read.path == path; });
  if (known == reads->end()) {
    reads->push_back({path, std::move(value), 1});
    return;
  }
  ++known->times;
  if (!value.empty()) known->value = std::move(value);
}

}  // namespace junctor::script
