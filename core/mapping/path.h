#pragma once
// Path: a place in an object. "a.b" members, "a[0]" an item by index, "a[type=work].value" the
// first item whose member `type` is "work", "a[\"odd.key\"]" any other name. "" is the whole value.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/value.h"

namespace junctor::mapping {

class Path {
 public:
  // <= limits::kMappingPathStepsMax steps, indexes <= limits::kMappingIndexMax.
  static Result<Path> parse(std::string_view text);

  bool empty() const { return steps_.empty(); }
  const std::string& text() const { return text_; }

  // Null pointer = missing. A null that is there is found.
  const Value* read(const Value& root) const;
  // Makes the objects and lists on the way (gaps of a list are null; an item that is looked for by
  // key and is not there is appended with that key). Refuses to replace what is neither.
  Result<void> write(Value& root, Value value) const;
  // Is one of the two inside the other, so that writing both would overwrite?
  bool overlaps(const Path& other) const;

 private:
  struct Step {
    enum class Kind { Key, Index, Match } kind = Kind::Key;
    std::string key;  // of Match: the member looked at
    size_t index = 0;
    Value wanted;  // of Match
    bool operator==(const Step&) const = default;
  };
  class Parser;
  static const Value* child(const Step& step, const Value& parent);
  static Value* makeChild(const Step& step, Value& parent);

  std::string text_;
  std::vector<Step> steps_;
};

}  // namespace junctor::mapping
