#include "config/reader.h"

#include <algorithm>

#include "config/suggest.h"

namespace junctor::config {
namespace {

const char* nameOf(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::Null:
      return "nothing";
    case Node::Kind::Scalar:
      return "a single value";
    case Node::Kind::List:
      return "a list";
    case Node::Kind::Map:
      return "a map";
  }
  return "something else";
}

std::string wanted(const char* what, const Node& node) {
  return std::string("must be ") + what + ", but is " + nameOf(node.kind);
}

}  // namespace

MapReader::MapReader(const Node& node, Place place, Problems& problems)
    : node_(node), place_(std::move(place)), problems_(problems) {
  if (node.kind == Node::Kind::Scalar || node.kind == Node::Kind::List) {
    problems_.push_back({place_.file, node.line, place_.path, wanted("a map of keys", node)});
  }
}

const Node::Member* MapReader::member(std::string_view key) const {
  const auto found = std::find_if(node_.members.begin(), node_.members.end(),
                                  [&](const Node::Member& m) { return m.key == key; });
  return found == node_.members.end() ? nullptr : &*found;
}

bool MapReader::has(std::string_view key) const {
  return member(key) != nullptr;
}

const Node* MapReader::find(std::string_view key) {
  known_.emplace_back(key);
  const Node::Member* found = member(key);
  return found ? &found->value : nullptr;
}

void MapReader::problem(std::string_view key, std::string text) {
  const Node::Member* found = member(key);
  problems_.push_back(
      {place_.file, found ? found->line : node_.line, at(key).path, std::move(text)});
}

const Node* MapReader::scalar(std::string_view key) {
  const Node* node = find(key);
  if (!node) return nullptr;
  if (node->kind == Node::Kind::Scalar) return node;
  problem(key, node->kind == Node::Kind::Null ? "has no value" : wanted("a single value", *node));
  return nullptr;
}

std::string MapReader::text(std::string_view key, const TextCheck& check) {
  const Node* node = scalar(key);
  if (!node) return {};
  if (check) {
    if (const auto checked = check(node->text); !checked) problem(key, checked.error().message);
  }
  return node->text;
}

std::string MapReader::required(std::string_view key, const TextCheck& check) {
  if (!has(key)) {
    known_.emplace_back(key);
    const bool is_map = node_.kind == Node::Kind::Map || node_.kind == Node::Kind::Null;
    if (is_map) problem(key, "is missing");  // else that has been said already
    return {};
  }
  std::string value = text(key, check);
  if (value.empty() && !check && member(key)->value.kind == Node::Kind::Scalar) {
    problem(key, "must not be empty");
  }
  return value;
}

bool MapReader::boolean(std::string_view key, bool fallback) {
  const Node* node = scalar(key);
  if (!node) return fallback;
  const auto value = node->plain ? parseBoolean(node->text)
                                 : invalidArgument("must be true or false without quotes");
  if (!value) problem(key, value.error().message);
  return value ? *value : fallback;
}

int64_t MapReader::integer(std::string_view key, int64_t fallback, int64_t min, int64_t max) {
  const Node* node = scalar(key);
  if (!node) return fallback;
  const auto value = parseInteger(node->text, min, max);
  if (!value) problem(key, value.error().message);
  return value ? *value : fallback;
}

std::chrono::milliseconds MapReader::duration(std::string_view key, std::chrono::milliseconds max) {
  const Node* node = scalar(key);
  if (!node) return {};
  const auto value = parseDuration(node->text, max);
  if (!value) problem(key, value.error().message);
  return value ? *value : std::chrono::milliseconds(0);
}

void MapReader::list(std::string_view key,
                     const std::function<void(const Node&, const Place&)>& each) {
  const Node* node = find(key);
  if (!node || node->kind == Node::Kind::Null) return;
  if (node->kind != Node::Kind::List) {
    problem(key, wanted("a list", *node));
    return;
  }
  for (size_t i = 0; i < node->items.size(); ++i) each(node->items[i], at(key).index(i));
}

void MapReader::finish() {
  std::vector<std::string> free;  // a key that is there already is not what was meant
  for (const std::string& key : known_) {
    if (!has(key)) free.push_back(key);
  }
  for (const auto& found : node_.members) {
    if (std::find(known_.begin(), known_.end(), found.key) != known_.end()) continue;
    problems_.push_back({place_.file, found.line, at(found.key).path,
                         "unknown key" + didYouMean(found.key, free.empty() ? known_ : free)});
  }
}

std::string scalarText(const Node& node, const Place& place, Problems& problems,
                       const TextCheck& check) {
  if (node.kind != Node::Kind::Scalar) {
    problems.push_back({place.file, node.line, place.path, wanted("a single value", node)});
    return {};
  }
  if (check) {
    if (const auto checked = check(node.text); !checked) {
      problems.push_back({place.file, node.line, place.path, checked.error().message});
    }
  }
  return node.text;
}

}  // namespace junctor::config
