#include <fmt/core.h>

#include <algorithm>

#include "mapping/mapping.h"

namespace junctor::mapping {
namespace {

void erase(Value& object, std::string_view key) {
  auto& members = object.members();
  members.erase(std::remove_if(members.begin(), members.end(),
                               [key](const Member& member) { return member.key == key; }),
                members.end());
}

Result<void> removeKeys(Value& field, const Value& keys, const std::string& path) {
  if (!keys.isArray()) return invalidArgument(path + ".remove: must be a list of keys");
  for (const Value& key : keys.items()) {
    if (!key.isText() || !field.find(key.asText())) {
      return invalidArgument(
          fmt::format("{}.remove: there is no key \"{}\" to remove", path, key.asText()));
    }
    erase(field, key.asText());
  }
  return {};
}

Result<void> mergeField(Value& fields, const Member& change) {
  const std::string path = "fields." + change.key;
  Value* there = fields.find(change.key);
  if (change.value.isNull()) {
    if (!there) return invalidArgument(path + ": there is no such field to remove");
    erase(fields, change.key);
    return {};
  }
  if (!change.value.isObject()) return invalidArgument(path + ": must be an object or null");
  Value field = there ? *there : Value::object();
  if (const Value* keys = change.value.find("remove")) {
    JUNCTOR_CHECK(removeKeys(field, *keys, path));
  }
  for (const Member& key : change.value.members()) {
    if (key.key != "remove") field.set(key.key, key.value);
  }
  fields.set(change.key, std::move(field));
  return {};
}

Result<void> mustBeSame(const Value& defaults, const Member& change) {
  const Value* ours = defaults.find(change.key);
  if (ours && *ours == change.value) return {};
  return invalidArgument(change.key + ": overrides cannot change it");
}

}  // namespace

Result<Value> mergeMapping(const Value& defaults, const Value& overrides) {
  JUNCTOR_CHECK(readMapping(defaults));
  if (!overrides.isObject()) return invalidArgument("overrides must be an object");
  Value merged = defaults;
  erase(merged, "samples");
  for (const Member& change : overrides.members()) {
    if (change.key == "fields") {
      if (!change.value.isObject()) return invalidArgument("fields: must be an object");
      for (const Member& field : change.value.members()) {
        JUNCTOR_CHECK(mergeField(*merged.find("fields"), field));
      }
    } else if (change.key == "format" || change.key == "connector" || change.key == "object") {
      JUNCTOR_CHECK(mustBeSame(defaults, change));
    } else {
      merged.set(change.key, change.value);
    }
  }
  JUNCTOR_CHECK(readMapping(merged));
  return merged;
}

}  // namespace junctor::mapping
