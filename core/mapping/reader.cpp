#include "mapping/reader.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace junctor::mapping {

ObjectReader::ObjectReader(const Value& json, std::string path, Problems& problems,
                           std::initializer_list<std::string_view> known)
    : json_(json), path_(std::move(path)), problems_(problems) {
  if (!json.isObject()) {
    problems_.push_back({path_, fmt::format("must be an object, is {}", nameOf(json.type()))});
  }
  for (const Member& member : json.members()) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      problem(member.key, "unknown key");
    }
  }
}

std::string ObjectReader::pathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void ObjectReader::problem(std::string_view key, std::string message) const {
  problems_.push_back({pathOf(key), std::move(message)});
}

std::string ObjectReader::text(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return {};
  if (!value->isText()) problem(key, "must be text");
  return value->isText() ? value->asText() : std::string();
}

std::string ObjectReader::requiredText(std::string_view key) const {
  std::string value = text(key);
  if (value.empty()) problem(key, "is required");
  return value;
}

std::optional<int64_t> ObjectReader::integer(std::string_view key, int64_t min, int64_t max) const {
  const Value* value = find(key);
  if (!value) return std::nullopt;
  const std::string& text = value->asText();
  int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = code == std::errc() && end == text.data() + text.size();
  if (value->isNumber() && whole && number >= min && number <= max) return number;
  problem(key, fmt::format("must be an integer from {} to {}", min, max));
  return std::nullopt;
}

bool ObjectReader::boolean(std::string_view key) const {
  const Value* value = find(key);
  if (value && !value->isBool()) problem(key, "must be true or false");
  return value && value->isBool() && value->asBool();
}

std::vector<std::string> ObjectReader::texts(std::string_view key) const {
  std::vector<std::string> out;
  const Value* value = find(key);
  if (!value) return out;
  if (value->isText()) return {value->asText()};
  if (!value->isArray()) problem(key, "must be text or a list of texts");
  for (const Value& item : value->items()) {
    if (!item.isText()) {
      problem(key, "must be text or a list of texts");
      return {};
    }
    out.push_back(item.asText());
  }
  return out;
}

std::vector<Path> ObjectReader::paths(std::string_view key) const {
  std::vector<Path> out;
  for (const std::string& text : texts(key)) {
    auto path = Path::parse(text);
    if (path) {
      out.push_back(std::move(*path));
    } else {
      problem(key, path.error().message);
    }
  }
  return out;
}

std::optional<size_t> ObjectReader::word(std::string_view key,
                                         std::vector<std::string_view> words) const {
  const Value* value = find(key);
  if (!value) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), value->asText());
  if (value->isText() && found != words.end()) {
    return static_cast<size_t>(found - words.begin());
  }
  problem(key, fmt::format("must be one of {}", fmt::join(words, ", ")));
  return std::nullopt;
}

}  // namespace junctor::mapping
