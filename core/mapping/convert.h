#pragma once
// Runs a mapping: a canonical object to the provider's, or back. Pure; the same input gives the
// same output, members in the order of the mapping's fields. A null stays null, a missing value
// stays missing, an empty one empty, unless a default says otherwise.
#include <string>
#include <string_view>
#include <vector>

#include "mapping/mapping.h"

namespace junctor::mapping {

struct Issue {
  enum class Kind {
    Lossy,      // written, but something else would come back
    Clipped,    // cut to `max` characters
    Defaulted,  // the default was taken
    Absent,     // no value, none written
    Refused,    // the value could not be converted; none written
    Kept,       // of reconcile(): ours differs and was kept
  };
  Kind kind;
  std::string field;
  std::string path;    // of the value: where it is written, or read if none is
  std::string detail;  // may show the start of a value
};
std::string_view nameOf(Issue::Kind kind);

// Where a value of the output came from.
struct Origin {
  std::string output;
  std::vector<std::string> sources;  // none of a constant or a default
  std::string field;
  size_t index = 0;                     // of the field in the mapping
  std::vector<std::string> transforms;  // in the order they ran
};

struct Converted {
  Value output = Value::object();
  std::vector<Issue> issues;
  std::vector<Origin> origins;
};

// InvalidArgument if a required field has no value, all of them named; or if the input is no
// object. Its message holds no value.
// Without `told`, issues and origins are not looked for: nobody listens.
Result<Converted> toExternal(const Mapping& mapping, const Value& canonical, bool told = true);
Result<Converted> fromExternal(const Mapping& mapping, const Value& external, bool told = true);

// What our object becomes after a change at the provider: fields owned by the provider take its
// value, the others keep ours if we have one. Nothing is removed.
Result<Converted> reconcile(const Mapping& mapping, const Value& ours, const Value& external);

// Which parts of a canonical object come back from from_external(to_external(it)).
struct Loss {
  std::string path;
  std::string why;
};
struct RoundTrip {
  Converted there, back;
  std::vector<Loss> losses;  // missing or changed
  std::vector<Loss> added;   // defaults of fields that had no value
  bool holds() const { return losses.empty() && added.empty(); }
};
Result<RoundTrip> roundTrip(const Mapping& mapping, const Value& canonical);

// The first characters of a value as JSON, for people.
std::string shown(const Value& value);

}  // namespace junctor::mapping
