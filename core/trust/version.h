#pragma once
// Versions of connectors: Semantic Versioning 2.0.0.
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace junctor::trust {

class Version {
 public:
  static std::optional<Version> parse(std::string_view text);
  // By precedence: build metadata does not count.
  friend std::strong_ordering operator<=>(const Version& a, const Version& b);
  friend bool operator==(const Version& a, const Version& b) { return (a <=> b) == 0; }

 private:
  std::vector<uint64_t> numbers_;        // three
  std::vector<std::string> prerelease_;  // empty: a release
};

}  // namespace junctor::trust
