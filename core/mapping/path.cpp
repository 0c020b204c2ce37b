#include "mapping/path.h"

#include <fmt/core.h>

#include <charconv>

#include "base/limits.h"

namespace junctor::mapping {

class Path::Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<std::vector<Step>> steps() {
    std::vector<Step> steps;
    bool first = true;
    while (!rest_.empty()) {
      if (rest_.front() == '[') {
        JUNCTOR_TRY(Step step, bracket());
        steps.push_back(std::move(step));
      } else {
        if (!first && !take('.')) return invalidArgument("a '.' or '[' is missing");
        JUNCTOR_TRY(Step step, name());
        steps.push_back(std::move(step));
      }
      first = false;
    }
    if (steps.size() > limits::kMappingPathStepsMax) {
      return invalidArgument(
          fmt::format("a path has at most {} steps", limits::kMappingPathStepsMax));
    }
    return steps;
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  Result<Step> name() {
    const size_t size = std::min(rest_.find_first_of(".[]=\""), rest_.size());
    if (size == 0) return invalidArgument("a name is missing");
    Step step;
    step.key = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return step;
  }

  // A JSON string, up to its closing quote.
  Result<std::string> quoted() {
    size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size()) return invalidArgument("a closing '\"' is missing");
    JUNCTOR_TRY(Value text, parseValue(rest_.substr(0, end + 1)));
    rest_.remove_prefix(end + 1);
    return text.asText();
  }

  Result<Value> wanted() {
    if (!rest_.empty() && rest_.front() == '"') {
      JUNCTOR_TRY(std::string text, quoted());
      return Value::text(std::move(text));
    }
    const std::string word(rest_.substr(0, std::min(rest_.find(']'), rest_.size())));
    rest_.remove_prefix(word.size());
    if (word.empty()) return invalidArgument("a value is missing after '='");
    if (word == "true" || word == "false") return Value::boolean(word == "true");
    return isJsonNumber(word) ? Value::number(word) : Value::text(word);
  }

  Result<Step> index() {
    Step step;
    step.kind = Step::Kind::Index;
    const auto [end, code] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), step.index);
    if (code != std::errc() || step.index > limits::kMappingIndexMax) {
      return invalidArgument(
          fmt::format("an index must be from 0 to {}", limits::kMappingIndexMax));
    }
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return step;
  }

  Result<Step> bracket() {
    take('[');
    Step step;
    if (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      JUNCTOR_TRY(step, index());
    } else if (!rest_.empty() && rest_.front() == '"') {
      JUNCTOR_TRY(step.key, quoted());
    } else {
      JUNCTOR_TRY(step, name());
      step.kind = Step::Kind::Match;
      if (!take('=')) return invalidArgument("in [ ] belongs an index, key=value or \"name\"");
      JUNCTOR_TRY(step.wanted, wanted());
    }
    if (!take(']')) return invalidArgument("a ']' is missing");
    return step;
  }

  std::string_view rest_;
};

Result<Path> Path::parse(std::string_view text) {
  Path path;
  path.text_ = text;
  auto steps = Parser(text).steps();
  if (!steps) return invalidArgument(fmt::format("path \"{}\": {}", text, steps.error().message));
  path.steps_ = std::move(*steps);
  return path;
}

const Value* Path::child(const Step& step, const Value& parent) {
  if (step.kind == Step::Kind::Key) return parent.find(step.key);
  if (step.kind == Step::Kind::Index) {
    return step.index < parent.items().size() ? &parent.items()[step.index] : nullptr;
  }
  for (const Value& item : parent.items()) {
    const Value* key = item.find(step.key);
    if (key && *key == step.wanted) return &item;
  }
  return nullptr;
}

const Value* Path::read(const Value& root) const {
  const Value* at = &root;
  for (const Step& step : steps_) {
    at = child(step, *at);
    if (!at) return nullptr;
  }
  return at;
}

// Null pointer if `parent` is something that cannot have such a child.
Value* Path::makeChild(const Step& step, Value& parent) {
  const bool list = step.kind != Step::Kind::Key;
  if (parent.isNull()) parent = list ? Value::array() : Value::object();
  if (list ? !parent.isArray() : !parent.isObject()) return nullptr;
  if (const Value* there = child(step, parent)) return const_cast<Value*>(there);
  if (step.kind == Step::Kind::Key) return &parent.set(step.key, {});
  if (step.kind == Step::Kind::Index) {
    parent.items().resize(step.index + 1);
    return &parent.items().back();
  }
  parent.items().push_back(Value::object({{step.key, step.wanted}}));
  return &parent.items().back();
}

Result<void> Path::write(Value& root, Value value) const {
  Value* at = &root;
  for (const Step& step : steps_) {
    at = makeChild(step, *at);
    if (!at) return invalidArgument(fmt::format("{}: its parent holds another value", text_));
  }
  *at = std::move(value);
  return {};
}

bool Path::overlaps(const Path& other) const {
  const size_t common = std::min(steps_.size(), other.steps_.size());
  return std::equal(steps_.begin(), steps_.begin() + static_cast<ptrdiff_t>(common),
                    other.steps_.begin());
}

}  // namespace junctor::mapping
