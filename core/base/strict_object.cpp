#include "base/strict_object.h"

#include <fmt/core.h>

#include <algorithm>

namespace junctor {

Result<StrictObject> StrictObject::open(const Json& json, std::string path,
                                        std::initializer_list<std::string_view> known) {
  StrictObject object(json, std::move(path));
  if (!json.is_object()) {
    return invalidArgument(object.path_.empty() ? "must be a JSON object"
                                                : object.path_ + ": must be an object");
  }
  for (const auto& item : json.items()) {
    if (std::find(known.begin(), known.end(), item.key()) == known.end()) {
      return object.error(item.key(), "unknown key");
    }
  }
  return object;
}

std::string StrictObject::pathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

Error StrictObject::error(std::string_view key, std::string_view what) const {
  return invalidArgument(fmt::format("{}: {}", pathOf(key), what));
}

Result<std::string> StrictObject::text(const char* key, std::string fallback) const {
  if (!has(key)) return fallback;
  if (!at(key).is_string()) return error(key, "must be a string");
  return at(key).get<std::string>();
}

Result<std::string> StrictObject::requiredText(const char* key) const {
  JUNCTOR_TRY(std::string value, text(key));
  if (value.empty()) return error(key, "is required");
  return value;
}

Result<int64_t> StrictObject::integer(const char* key, int64_t fallback, int64_t min,
                                      int64_t max) const {
  if (!has(key)) return fallback;
  const Json& value = at(key);
  if (!value.is_number_integer() || value.get<int64_t>() < min || value.get<int64_t>() > max) {
    return error(key, fmt::format("must be an integer from {} to {}", min, max));
  }
  return value.get<int64_t>();
}

Result<std::vector<std::string>> StrictObject::texts(const char* key) const {
  std::vector<std::string> values;
  if (!has(key)) return values;
  if (!at(key).is_array()) return error(key, "must be a list of strings");
  for (const Json& item : at(key)) {
    if (!item.is_string()) return error(key, "must be a list of strings");
    values.push_back(item.get<std::string>());
  }
  return values;
}

}  // namespace junctor
