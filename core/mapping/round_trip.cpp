#include <algorithm>

#include "mapping/convert.h"

namespace junctor::mapping {
namespace {

bool within(const Path& outer, std::string_view path) {
  return path.starts_with(outer.text()) &&
         (path.size() == outer.text().size() || path[outer.text().size()] == '.' ||
          path[outer.text().size()] == '[');
}

const Field* fieldAt(const Mapping& mapping, std::string_view path) {
  const auto found =
      std::find_if(mapping.fields.begin(), mapping.fields.end(), [path](const Field& field) {
        return std::any_of(field.canonical.begin(), field.canonical.end(),
                           [path](const Path& place) { return within(place, path); });
      });
  return found == mapping.fields.end() ? nullptr : &*found;
}

std::string whyLost(const Mapping& mapping, const RoundTrip& trip, std::string_view path) {
  const Field* field = fieldAt(mapping, path);
  if (!field) return "no field maps it";
  if (field->way == Way::FromExternal) return "only from the provider";
  for (const Converted* half : {&trip.there, &trip.back}) {
    for (const Issue& issue : half->issues) {
      if (issue.field == field->name && issue.kind != Issue::Kind::Absent) {
        return std::string(nameOf(issue.kind)) + ": " + issue.detail;
      }
    }
  }
  return field->way == Way::ToExternal ? "only to the provider" : "does not come back";
}

std::string below(const std::string& path, const std::string& key) {
  if (key.empty() || key.find_first_of(".[]=\"") != key.npos) {
    return path + "[" + toJson(Value::text(key)) + "]";
  }
  return path.empty() ? key : path + "." + key;
}

// Paths of what `whole` has and `other` has not, or has otherwise.
void collect(const Value& whole, const Value* other, const std::string& path,
             std::vector<std::string>& out) {
  if (other && *other == whole) return;
  if (!whole.isObject() || whole.members().empty() || (other && !other->isObject())) {
    out.push_back(path);
    return;
  }
  for (const Member& member : whole.members()) {
    collect(member.value, other ? other->find(member.key) : nullptr, below(path, member.key), out);
  }
}

}  // namespace

Result<RoundTrip> roundTrip(const Mapping& mapping, const Value& canonical) {
  RoundTrip trip;
  JUNCTOR_TRY(trip.there, toExternal(mapping, canonical));
  JUNCTOR_TRY(trip.back, fromExternal(mapping, trip.there.output));
  std::vector<std::string> lost;
  std::vector<std::string> new_or_lost;
  collect(canonical, &trip.back.output, "", lost);
  collect(trip.back.output, &canonical, "", new_or_lost);
  for (const std::string& path : lost) {
    trip.losses.push_back({path, whyLost(mapping, trip, path)});
  }
  for (const std::string& path : new_or_lost) {
    if (std::find(lost.begin(), lost.end(), path) != lost.end()) continue;
    trip.added.push_back({path, whyLost(mapping, trip, path)});
  }
  return trip;
}

}  // namespace junctor::mapping
