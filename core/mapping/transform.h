#pragma once
// Transforms: the closed set of steps between a canonical value and a provider's. Each is written
// for the direction to the provider; from the provider the steps run backwards, each inverted.
// Null passes every step as null. Pure: no clock, no locale, no state.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mapping/value.h"

namespace junctor::mapping {

enum class Direction { ToExternal, FromExternal };

struct Transform {
  enum class Kind {
    Trim,       // spaces at both ends
    Lower,      // ASCII letters
    Upper,      // ASCII letters
    Email,      // trimmed, lower case, must look like an address
    E164,       // phone number; argument: country of numbers without a code, "CZ"
    Number,     // text -> number, exact
    Text,       // number -> text, exact
    Shift,      // decimal point moved right by `count` places: 12.34 -> 1234
    Bool,       // true/false -> two words
    Time,       // RFC 3339 -> another form (argument)
    Enum,       // word -> word, `pairs`
    JoinName,   // [first, last] -> "first last"
    SplitName,  // "first last" -> [first, last]
    Join,       // list of texts -> text, by `argument`
    Split,      // text -> list of texts
    Prefix,     // adds `argument`
    Suffix,
    Each,    // `steps` on each item of a list
    Member,  // value -> {argument: value}
    List,    // value -> [value]
    Adf,     // text -> Atlassian document
    Domain,  // part of an address after the @; one-way
    Html,    // HTML -> its text; one-way
  };

  Kind kind = Kind::Trim;
  std::string argument;
  std::string second;  // of Bool: the word for false
  int count = 0;
  std::vector<std::pair<Value, Value>> pairs;  // of Enum: (canonical, external)
  std::optional<Value> to_default, from_default;
  std::vector<Transform> steps;

  bool operator==(const Transform&) const = default;
};

// What comes back of a value after there and back again.
enum class Inverse {
  Exact,   // the value, if the transform takes it at all
  Normal,  // the value in its normal form: what was in it comes back
  None,    // one-way
};
Inverse inverseOf(const Transform& transform);

// InvalidArgument says why the value cannot be converted; the message holds no value.
Result<Value> apply(const Transform& transform, const Value& value, Direction direction);
Result<Value> applyAll(const std::vector<Transform>& transforms, const Value& value,
                       Direction direction);

std::string_view nameOf(const Transform& transform);
// "trim", {"e164": "CZ"}, {"enum": [["open", "new"]], "to_default": …}.
Result<Transform> readTransform(const Value& json);
Value writeTransform(const Transform& transform);

}  // namespace junctor::mapping
