#pragma once
// Node: one configuration value with its place, whether it came from YAML or from JSON. Scalars are
// kept as the text that was written, so `id: 012` stays "012" and `name: no` stays "no"; what a
// text means is decided where the wanted type is known (values.h).
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "config/load.h"

namespace junctor::config {

struct Node {
  enum class Kind { Null, Scalar, List, Map };
  struct Member;

  Kind kind = Kind::Null;
  std::string text;    // Scalar
  bool plain = false;  // Scalar without quotes: may mean a number or boolean
  int line = 0;
  std::vector<Node> items;      // List
  std::vector<Member> members;  // Map, in the order written, keys unique
};
struct Node::Member {
  std::string key;
  int line = 0;
  Node value;
};

// Where a node stands: made longer on the way down, used when something is wrong.
struct Place {
  std::string file;
  std::string path;

  Place key(std::string_view name) const;  // "a" -> "a.name"
  Place index(size_t i) const;             // "a" -> "a[2]"
};

// Parses one YAML document without anchors, aliases and tags. Adds to `problems` and returns false
// if it is not that, too deep or too large, or a key repeats.
bool parseYaml(std::string_view text, const std::string& file, Node& root, Problems& problems);
// Reads the file and parses it. An empty file is a Null node.
bool readYaml(const std::string& file, Node& root, Problems& problems);

Node nodeFromJson(const Json& json);
// A free-form value by YAML 1.2's core schema. What YAML 1.1 would read differently (yes, 012) is a
// problem, because one of the two readers of the file is going to be surprised.
Json nodeToJson(const Node& node, const Place& place, Problems& problems);

}  // namespace junctor::config
