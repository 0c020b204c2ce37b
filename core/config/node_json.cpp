#include <charconv>

#include "base/bytes.h"
#include "base/json_value.h"
#include "config/node.h"
#include "config/values.h"

namespace junctor::config {
namespace {

bool oneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

bool looksNumeric(std::string_view text) {
  const std::string_view digits =
      text.starts_with('-') || text.starts_with('+') ? text.substr(1) : text;
  return !digits.empty() && digits.front() >= '0' && digits.front() <= '9' &&
         digits.find_first_not_of("0123456789.eE+-_xXoOabcdefABCDEF") == std::string_view::npos;
}

// YAML 1.1 and 1.2 disagree on these.
const char* ambiguity(std::string_view text) {
  const std::string lower = lowerAscii(text);
  if (oneOf(lower, {"yes", "no", "on", "off"})) {
    return "is a boolean for some YAML readers and a text for others: write true, false or quotes";
  }
  const std::string_view digits =
      lower.starts_with('-') || lower.starts_with('+') ? std::string_view(lower).substr(1) : lower;
  const bool leading_zero = digits.size() > 1 && digits[0] == '0' &&
                            digits.find_first_not_of("0123456789") == std::string_view::npos;
  if (leading_zero) {
    return "is octal for some YAML readers and decimal for others: drop the zero or quote it";
  }
  return nullptr;
}

Json plainToJson(const std::string& text) {
  if (oneOf(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (oneOf(text, {"true", "True", "TRUE"})) return true;
  if (oneOf(text, {"false", "False", "FALSE"})) return false;
  if (!looksNumeric(text)) return text;
  const auto end = text.data() + text.size();
  int64_t whole = 0;
  if (const auto r = std::from_chars(text.data(), end, whole); r.ptr == end && r.ec == std::errc())
    return whole;
  uint64_t large = 0;
  if (const auto r = std::from_chars(text.data(), end, large); r.ptr == end && r.ec == std::errc())
    return large;
  double real = 0;
  const bool integer = text.find_first_of(".eE") == std::string::npos;
  const auto r = std::from_chars(text.data(), end, real);
  if (!integer && r.ptr == end && r.ec == std::errc()) return real;
  return text;  // beyond 64 bits or no number after all: stays exact as text
}

}  // namespace

Place Place::key(std::string_view name) const {
  return {file, path.empty() ? std::string(name) : path + "." + std::string(name)};
}
Place Place::index(size_t i) const {
  return {file, path + "[" + std::to_string(i) + "]"};
}

Node nodeFromJson(const Json& json) {
  Node node;
  if (json.is_object()) {
    node.kind = Node::Kind::Map;
    for (const auto& [key, value] : json.items()) {
      node.members.push_back({key, 0, nodeFromJson(value)});
    }
  } else if (json.is_array()) {
    node.kind = Node::Kind::List;
    for (const Json& item : json) node.items.push_back(nodeFromJson(item));
  } else if (!json.is_null()) {
    node.kind = Node::Kind::Scalar;
    node.plain = !json.is_string();
    node.text = json.is_string() ? json.get<std::string>() : dumpJson(json);
  }
  return node;
}

Json nodeToJson(const Node& node, const Place& place, Problems& problems) {
  switch (node.kind) {
    case Node::Kind::Null:
      return nullptr;
    case Node::Kind::Scalar:
      if (!node.plain) return node.text;
      if (const char* text = ambiguity(node.text)) {
        problems.push_back({place.file, node.line, place.path, text});
      }
      return plainToJson(node.text);
    case Node::Kind::List: {
      Json list = Json::array();
      for (size_t i = 0; i < node.items.size(); ++i) {
        list.push_back(nodeToJson(node.items[i], place.index(i), problems));
      }
      return list;
    }
    case Node::Kind::Map: {
      Json map = Json::object();
      for (const auto& member : node.members) {
        map[member.key] = nodeToJson(member.value, place.key(member.key), problems);
      }
      return map;
    }
  }
  return nullptr;
}

}  // namespace junctor::config
