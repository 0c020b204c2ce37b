// Transforms as JSON: a bare name, or an object whose first key is the name.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/limits.h"
#include "mapping/forms.h"
#include "mapping/transform.h"

namespace junctor::mapping {
namespace {

using Kind = Transform::Kind;

enum class Takes { Nothing, Text, Country, TimeForm, Places, Words, Pairs, Steps };
struct Entry {
  std::string_view name;
  Kind kind;
  Takes takes;
};
constexpr std::array<Entry, 23> kTransforms = {{
    {"trim", Kind::Trim, Takes::Nothing},
    {"lower", Kind::Lower, Takes::Nothing},
    {"upper", Kind::Upper, Takes::Nothing},
    {"email", Kind::Email, Takes::Nothing},
    {"e164", Kind::E164, Takes::Country},
    {"number", Kind::Number, Takes::Nothing},
    {"text", Kind::Text, Takes::Nothing},
    {"shift", Kind::Shift, Takes::Places},
    {"bool", Kind::Bool, Takes::Words},
    {"time", Kind::Time, Takes::TimeForm},
    {"enum", Kind::Enum, Takes::Pairs},
    {"join_name", Kind::JoinName, Takes::Nothing},
    {"split_name", Kind::SplitName, Takes::Nothing},
    {"join", Kind::Join, Takes::Text},
    {"split", Kind::Split, Takes::Text},
    {"prefix", Kind::Prefix, Takes::Text},
    {"suffix", Kind::Suffix, Takes::Text},
    {"each", Kind::Each, Takes::Steps},
    {"member", Kind::Member, Takes::Text},
    {"list", Kind::List, Takes::Nothing},
    {"adf", Kind::Adf, Takes::Nothing},
    {"domain", Kind::Domain, Takes::Nothing},
    {"html", Kind::Html, Takes::Nothing},
}};

const Entry* entryOf(std::string_view name) {
  const auto found = std::find_if(kTransforms.begin(), kTransforms.end(),
                                  [name](const Entry& entry) { return entry.name == name; });
  return found == kTransforms.end() ? nullptr : found;
}

bool isScalar(const Value& value) {
  return value.isText() || value.isNumber() || value.isBool();
}

Result<void> readText(Transform& t, const Value& value) {
  if (!value.isText() || value.asText().empty()) return invalidArgument("needs a text");
  t.argument = value.asText();
  return {};
}

Result<void> readPlaces(Transform& t, const Value& value) {
  constexpr int kPlacesMax = 18;
  const std::string& text = value.asText();
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), t.count);
  if (!value.isNumber() || code != std::errc() || end != text.data() + text.size() ||
      t.count < -kPlacesMax || t.count > kPlacesMax) {
    return invalidArgument(fmt::format("needs an integer from -{0} to {0}", kPlacesMax));
  }
  return {};
}

Result<void> readWords(Transform& t, const Value& value) {
  const auto& items = value.items();
  if (items.size() != 2 || !items[0].isText() || !items[1].isText() || items[0] == items[1]) {
    return invalidArgument("needs two different words: for true and for false");
  }
  t.argument = items[0].asText();
  t.second = items[1].asText();
  return {};
}

Result<void> readPairs(Transform& t, const Value& value) {
  if (!value.isArray() || value.items().empty()) return invalidArgument("needs a list of pairs");
  for (size_t i = 0; i < value.items().size(); ++i) {
    const auto& pair = value.items()[i].items();
    if (pair.size() != 2 || !isScalar(pair[0]) || !isScalar(pair[1])) {
      return invalidArgument(fmt::format("[{}] must be [canonical, external]", i));
    }
    const std::pair<Value, Value> made(pair[0], pair[1]);
    if (std::find(t.pairs.begin(), t.pairs.end(), made) != t.pairs.end()) {
      return invalidArgument(fmt::format("[{}] stands there twice", i));
    }
    t.pairs.push_back(made);
  }
  return {};
}

Result<void> readSteps(Transform& t, const Value& value) {
  if (!value.isArray() || value.items().empty() ||
      value.items().size() > limits::kMappingTransformsMax) {
    return invalidArgument("needs a list of transforms");
  }
  for (size_t i = 0; i < value.items().size(); ++i) {
    auto step = readTransform(value.items()[i]);
    if (!step) return invalidArgument(fmt::format("[{}]: {}", i, step.error().message));
    t.steps.push_back(std::move(*step));
  }
  return {};
}

Result<void> readArgument(Transform& t, Takes takes, const Value& value) {
  switch (takes) {
    case Takes::Nothing:
      if (!value.isBool() || !value.asBool()) return invalidArgument("takes no argument");
      return {};
    case Takes::Text:
      return readText(t, value);
    case Takes::Country:
      if (value.isText() && knownCountry(t.argument = value.asText())) return {};
      return invalidArgument("needs a country it knows, such as \"CZ\"");
    case Takes::TimeForm:
      JUNCTOR_CHECK(readText(t, value));
      return checkTimeForm(t.argument);
    case Takes::Places:
      return readPlaces(t, value);
    case Takes::Words:
      return readWords(t, value);
    case Takes::Pairs:
      return readPairs(t, value);
    case Takes::Steps:
      return readSteps(t, value);
  }
  return {};
}

Result<void> readDefault(std::optional<Value>& out, const Value& value, const std::string& key) {
  if (!isScalar(value)) return invalidArgument(key + " must be a plain value");
  out = value;
  return {};
}

Result<Transform> readBare(const Value& json) {
  const Entry* entry = entryOf(json.asText());
  if (!entry) return invalidArgument(fmt::format("unknown transform \"{}\"", json.asText()));
  Transform t;
  t.kind = entry->kind;
  const bool enough = entry->takes == Takes::Nothing || entry->takes == Takes::Country;
  if (!enough) return invalidArgument(fmt::format("{}: needs an argument", entry->name));
  return t;
}

}  // namespace

std::string_view nameOf(const Transform& t) {
  for (const Entry& entry : kTransforms) {
    if (entry.kind == t.kind) return entry.name;
  }
  return "?";
}

Result<Transform> readTransform(const Value& json) {
  if (json.isText()) return readBare(json);
  if (!json.isObject() || json.members().empty()) {
    return invalidArgument("a transform is a name, or an object {name: argument}");
  }
  const auto& [name, argument] = json.members().front();
  const Entry* entry = entryOf(name);
  if (!entry) return invalidArgument(fmt::format("unknown transform \"{}\"", name));
  Transform t;
  t.kind = entry->kind;
  if (auto read = readArgument(t, entry->takes, argument); !read) {
    return invalidArgument(fmt::format("{}: {}", name, read.error().message));
  }
  for (size_t i = 1; i < json.members().size(); ++i) {
    const auto& [key, value] = json.members()[i];
    const bool fallback = key == "to_default" || key == "from_default";
    if (!fallback || t.kind != Kind::Enum) {
      return invalidArgument(fmt::format("{}: unknown key \"{}\"", name, key));
    }
    JUNCTOR_CHECK(readDefault(key == "to_default" ? t.to_default : t.from_default, value, key));
  }
  return t;
}

Value writeTransform(const Transform& t) {
  const std::string name(nameOf(t));
  const Entry* entry = entryOf(name);
  Value argument = Value::text(t.argument);
  if (entry->takes == Takes::Nothing || (entry->takes == Takes::Country && t.argument.empty())) {
    return Value::text(name);
  }
  if (entry->takes == Takes::Places) argument = Value::integer(t.count);
  if (entry->takes == Takes::Words) {
    argument = Value::array({Value::text(t.argument), Value::text(t.second)});
  }
  if (entry->takes == Takes::Pairs) {
    argument = Value::array();
    for (const auto& [ours, theirs] : t.pairs) {
      argument.items().push_back(Value::array({ours, theirs}));
    }
  }
  if (entry->takes == Takes::Steps) {
    argument = Value::array();
    for (const Transform& step : t.steps) argument.items().push_back(writeTransform(step));
  }
  Value json = Value::object({{name, std::move(argument)}});
  if (t.to_default) json.set("to_default", *t.to_default);
  if (t.from_default) json.set("from_default", *t.from_default);
  return json;
}

}  // namespace junctor::mapping
