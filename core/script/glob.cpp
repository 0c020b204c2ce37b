#include "script/glob.h"

namespace junctor::script {
namespace {

constexpr size_t kAlternativesMax = 64;

bool matchOne(std::string_view pattern, std::string_view text, char star_mark) {
  size_t p = 0;
  size_t t = 0;
  size_t star = pattern.npos;  // position after the last star, and where its run began
  size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == star_mark) {
      star = ++p;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == star_mark) ++p;
  return p == pattern.size();
}

using Texts = std::vector<std::string>;

// Each of `heads` followed by each of `tails`.
Texts product(const Texts& heads, const Texts& tails) {
  Texts all;
  for (const std::string& head : heads) {
    for (const std::string& tail : tails) all.push_back(head + tail);
  }
  return all;
}

// Reads up to the end or, inside braces, up to `,` or `}`.
std::optional<Texts> expand(std::string_view text, size_t& i, bool in_braces, char star_mark);

std::optional<Texts> expandBraces(std::string_view text, size_t& i, char star_mark) {
  Texts options;
  while (true) {
    auto option = expand(text, i, true, star_mark);
    if (!option || i >= text.size()) return std::nullopt;
    options.insert(options.end(), option->begin(), option->end());
    if (options.size() > kAlternativesMax) return std::nullopt;
    if (text[i++] == '}') return options;
  }
}

std::optional<Texts> expand(std::string_view text, size_t& i, bool in_braces, char star_mark) {
  Texts all{""};
  while (i < text.size()) {
    const char c = text[i];
    if (in_braces && (c == ',' || c == '}')) return all;
    ++i;
    if (c == '}') return std::nullopt;
    if (c == '{') {
      if (in_braces) return std::nullopt;  // one level is enough
      const auto options = expandBraces(text, i, star_mark);
      if (!options || all.size() * options->size() > kAlternativesMax) return std::nullopt;
      all = product(all, *options);
      continue;
    }
    if (c == '\\' && i == text.size()) return std::nullopt;
    const char literal = c == '\\' ? text[i++] : c == '*' ? star_mark : c;
    for (std::string& one : all) one.push_back(literal);
  }
  return all;
}

}  // namespace

std::optional<Glob> Glob::parse(std::string_view text) {
  if (text.find(kStar) != text.npos) return std::nullopt;
  size_t i = 0;
  auto all = expand(text, i, false, kStar);
  if (!all) return std::nullopt;
  Glob glob;
  glob.alternatives_ = std::move(*all);
  return glob;
}

bool Glob::matches(std::string_view text) const {
  for (const std::string& pattern : alternatives_) {
    if (matchOne(pattern, text, kStar)) return true;
  }
  return false;
}

std::optional<std::vector<std::string>> Glob::literals() const {
  for (const std::string& pattern : alternatives_) {
    if (pattern.find(kStar) != pattern.npos) return std::nullopt;
  }
  return alternatives_;
}

}  // namespace junctor::script
