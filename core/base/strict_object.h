#pragma once
// StrictObject: reads one JSON object whose keys are all known. Every error names the key's path.
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_value.h"
#include "base/result.h"

namespace junctor {

class StrictObject {
 public:
  // `path` is "" for the outermost object. The Json must outlive the reader.
  static Result<StrictObject> open(const Json& json, std::string path,
                                   std::initializer_list<std::string_view> known);

  bool has(const char* key) const { return json_->contains(key); }
  const Json& at(const char* key) const { return (*json_)[key]; }
  std::string pathOf(std::string_view key) const;
  Error error(std::string_view key, std::string_view what) const;

  Result<std::string> text(const char* key, std::string fallback = "") const;
  Result<std::string> requiredText(const char* key) const;  // not empty
  Result<int64_t> integer(const char* key, int64_t fallback, int64_t min, int64_t max) const;
  Result<std::vector<std::string>> texts(const char* key) const;  // absent = empty

 private:
  StrictObject(const Json& json, std::string path) : json_(&json), path_(std::move(path)) {}
  const Json* json_;
  std::string path_;
};

}  // namespace junctor
