#pragma once
// JSON values for the slow paths (config, admin API, manifests): nlohmann behind two functions that
// add what it lacks, a depth limit (it crashes on deep nesting) and an error value.
// Files that look into values also include "base/json_value.h"; the event path uses json_doc.h.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace junctor {

using Json = nlohmann::ordered_json;  // keeps key order, as people wrote it

// Depth <= limits::kJsonDepthMax; duplicate keys are an error. Message carries the byte offset.
Result<Json> parseJson(std::string_view text);
// Compact if indent < 0. Never throws: invalid UTF-8 is replaced.
std::string dumpJson(const Json& value, int indent = -1);

}  // namespace junctor
