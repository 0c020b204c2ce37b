#include "trust/version.h"

#include <algorithm>
#include <charconv>

namespace junctor::trust {
namespace {

bool isNumber(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

uint64_t numberOf(std::string_view text) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('.', start), text.size());
    parts.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

bool legalIdentifiers(const std::vector<std::string>& parts, bool numbers_canonical) {
  return std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
    const bool legal = !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    const bool padded = part.size() > 1 && part[0] == '0' && isNumber(part);
    return legal && !(numbers_canonical && padded);
  });
}

std::strong_ordering compare(const std::string& a, const std::string& b) {
  if (isNumber(a) && isNumber(b)) return numberOf(a) <=> numberOf(b);
  if (isNumber(a) != isNumber(b)) {
    return isNumber(a) ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  return a <=> b;
}

}  // namespace

std::optional<Version> Version::parse(std::string_view text) {
  if (text.size() > 64) return std::nullopt;
  Version version;
  if (const size_t plus = text.find('+'); plus != std::string_view::npos) {
    if (!legalIdentifiers(split(text.substr(plus + 1)), false)) return std::nullopt;
    text = text.substr(0, plus);
  }
  if (const size_t dash = text.find('-'); dash != std::string_view::npos) {
    version.prerelease_ = split(text.substr(dash + 1));
    if (!legalIdentifiers(version.prerelease_, true)) return std::nullopt;
    text = text.substr(0, dash);
  }
  const auto core = split(text);
  if (core.size() != 3) return std::nullopt;
  for (const std::string& part : core) {
    if (!isNumber(part) || (part.size() > 1 && part[0] == '0')) return std::nullopt;
    version.numbers_.push_back(numberOf(part));
  }
  return version;
}

std::strong_ordering operator<=>(const Version& a, const Version& b) {
  if (const auto order = a.numbers_ <=> b.numbers_; order != 0) return order;
  if (a.prerelease_.empty() != b.prerelease_.empty()) {
    return a.prerelease_.empty() ? std::strong_ordering::greater : std::strong_ordering::less;
  }
  for (size_t i = 0; i < std::min(a.prerelease_.size(), b.prerelease_.size()); ++i) {
    if (const auto order = compare(a.prerelease_[i], b.prerelease_[i]); order != 0) return order;
  }
  return a.prerelease_.size() <=> b.prerelease_.size();
}

}  // namespace junctor::trust
