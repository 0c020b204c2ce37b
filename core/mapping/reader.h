#pragma once
// ObjectReader: one JSON object whose keys are all known. What is wrong is added to the problems
// with the path of its key, and reading goes on.
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/mapping.h"

namespace junctor::mapping {

class ObjectReader {
 public:
  // `json` must outlive the reader. Anything but an object is a problem, and reads as empty.
  ObjectReader(const Value& json, std::string path, Problems& problems,
               std::initializer_list<std::string_view> known);

  const Value* find(std::string_view key) const { return json_.find(key); }
  std::string pathOf(std::string_view key) const;
  void problem(std::string_view key, std::string message) const;

  std::string text(std::string_view key) const;  // "" if absent
  std::string requiredText(std::string_view key) const;
  std::optional<int64_t> integer(std::string_view key, int64_t min, int64_t max) const;
  bool boolean(std::string_view key) const;
  // A text or a list of texts.
  std::vector<std::string> texts(std::string_view key) const;
  std::vector<Path> paths(std::string_view key) const;
  // Index of the text in `words`.
  std::optional<size_t> word(std::string_view key, std::vector<std::string_view> words) const;

 private:
  const Value& json_;
  std::string path_;
  Problems& problems_;
};

}  // namespace junctor::mapping
