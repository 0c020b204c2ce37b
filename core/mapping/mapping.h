#pragma once
// Mapping: a two-way table between a canonical object (contact, ticket, company, deal, message) and
// a provider's object. It is data: read from JSON, written as JSON, merged, checked (check.h) and
// run (convert.h). packaging/doc/mappings.md describes the format.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/path.h"
#include "mapping/transform.h"
#include "mapping/value.h"

namespace junctor::mapping {

inline constexpr std::string_view kFormat = "junctor.mapping/1";

enum class Way { Both, ToExternal, FromExternal };
enum class Owner { Canonical, External };  // whose value wins if both sides have one
enum class Lack { Missing, Null, Empty };  // "" and [] and {} are empty

inline bool runs(Way way, Direction direction) {
  return way == Way::Both || (way == Way::ToExternal) == (direction == Direction::ToExternal);
}

struct Field {
  std::string name;             // its key in "fields"
  std::vector<Path> canonical;  // the name, if the JSON does not say; none of a constant
  std::vector<Path> external;
  std::vector<Path> also_read;  // tried in turn if the external one is missing
  std::vector<Transform> transforms;
  std::optional<Value> constant;       // written to the provider, read from nowhere
  std::optional<Value> default_value;  // canonical
  Way default_way = Way::Both;
  std::vector<Lack> default_when = {Lack::Missing};
  std::optional<Way> required;  // not missing, not null
  std::optional<size_t> max;    // characters of the provider's text
  Way way = Way::Both;
  std::optional<Owner> owner;
  bool key = false;  // finds the same object on the other side
  std::string note;
};

// Where the provider's object stands in what is received and sent.
struct Envelope {
  std::vector<Path> read;  // the first that is an object; none = the whole value
  Path write;
};

// What check() proves: to_external(canonical) == external, from_external(external) == canonical.
struct Sample {
  std::string name;
  Way way = Way::Both;
  Value canonical, external;
  std::vector<std::string> lost;  // canonical paths that are known not to come back
};

struct Mapping {
  std::string connector, object, external;
  int64_t version = 1;
  std::string description;
  Owner owner = Owner::Canonical;
  Envelope envelope;
  std::vector<Field> fields;
  std::vector<Sample> samples;

  const Field* field(std::string_view name) const;
  Owner ownerOf(const Field& of) const { return of.owner.value_or(owner); }
};

struct Problem {
  std::string path;  // of the key, "fields.email.max"; "" = the document
  std::string message;
};
using Problems = std::vector<Problem>;
std::string describe(const Problem& problem);

// Strict: unknown keys, transforms and words are problems; all of them are reported.
Mapping readMapping(const Value& json, Problems& problems);
Result<Mapping> readMapping(const Value& json);
Value writeMapping(const Mapping& mapping);

// A tenant's overrides over the mapping that is shipped. In overrides `fields.x: null` takes the
// field away; an object changes the keys it names and keeps the others; `remove: ["max"]` in it
// takes keys away. Fields keep their place, new ones stand at the end. Samples are the overrides'
// if there are any, else none: the shipped ones prove the shipped mapping.
Result<Value> mergeMapping(const Value& defaults, const Value& overrides);

}  // namespace junctor::mapping
