#pragma once
// Matcher: one condition of the `when` language, as data. Evaluated without Lua; pure.
//   "text"  "glob*"  7  true  jn.null      the value itself
//   { "a", "b*" }                          one of these
//   { any = … }                            an array with an element that matches (a scalar counts
//                                          as an array of one)
//   { gt=, ge=, lt=, le= }                 numbers, or texts in byte order
//   { exists = true }                      present and not null
//   { cidr = "10.0.0.0/8" }                an IP address inside it
//   { not_ = … }                           does not match (an absent value does not match either,
//                                          so `not_` accepts it)
// Several operators in one table must all hold.
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "script/event_fields.h"
#include "script/glob.h"

namespace junctor::script {

using Numeric = std::variant<int64_t, double>;

// An IPv4 or IPv6 network.
struct Network {
  uint8_t bytes[16] = {};
  bool v6 = false;
  unsigned bits = 0;

  static std::optional<Network> parse(std::string_view text);  // without "/n": one address
  bool contains(std::string_view address) const;
};

struct Matcher {
  enum class Kind : uint8_t {
    Text,
    Wildcard,
    Number,
    Bool,
    Null,
    OneOf,
    Any,
    Gt,
    Ge,
    Lt,
    Le,
    Exists,
    Cidr,
    Not,
    All
  };
  Kind kind = Kind::All;
  std::string text;               // Text; Gt…Le on texts
  std::optional<Numeric> number;  // Number; Gt…Le on numbers
  std::optional<Glob> glob;
  bool flag = false;              // Bool, Exists
  std::vector<Network> networks;  // Cidr: one of them
  std::vector<Matcher> children;  // OneOf, Any, Not, All

  bool matches(const Field& field) const;
  // How long it takes, for ordering: cheap ones first.
  int cost() const;
};

// A condition on one field of the event.
struct Clause {
  size_t slot = 0;  // index of its path in the ruleset
  Matcher matcher;
};

}  // namespace junctor::script
