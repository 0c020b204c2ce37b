#pragma once
// Glob: `*` = any characters, `{a,b}` = either, `\` takes the next character as it is. Matches in
// time proportional to pattern × text, whatever the pattern.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace junctor::script {

class Glob {
 public:
  // None: unbalanced braces, or more than 64 alternatives.
  static std::optional<Glob> parse(std::string_view text);
  static bool hasWildcard(std::string_view text) { return text.find_first_of("*{\\") != text.npos; }

  bool matches(std::string_view text) const;
  // The texts it matches, if it has no star.
  std::optional<std::vector<std::string>> literals() const;

 private:
  // A star is kStar; all else is literal.
  static constexpr char kStar = '\0';
  std::vector<std::string> alternatives_;
};

}  // namespace junctor::script
