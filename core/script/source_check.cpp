#include "script/source_check.h"

#include <fmt/core.h>

#include <cctype>

#include "base/bytes.h"
#include "base/limits.h"

namespace junctor::script {
namespace {

bool wordByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool branchWord(std::string_view word) {
  return word == "and" || word == "or" || word == "elseif" || word == "goto";
}

Error refusal(const RuleScript& script, size_t line, const std::string& why) {
  return invalidArgument(fmt::format("{}@{}:{}: {}", script.name, script.version, line, why));
}

}  // namespace

// Words inside texts and comments count too: simpler, and on the safe side.
Result<void> checkSource(const RuleScript& script) {
  const std::string_view source = script.source;
  if (source.size() > limits::kRuleSourceBytesMax) {
    return refusal(script, 1,
                   fmt::format("script larger than {} bytes", limits::kRuleSourceBytesMax));
  }
  if (!validUtf8(source)) return refusal(script, 1, "script is not valid UTF-8 text");
  size_t line = 1;
  size_t branches = 0;
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\n') ++line;
    if (source[i] == '\0') return refusal(script, line, "script has a zero byte");
    if (source.substr(i, 2) == "::") ++branches;
    if (!wordByte(source[i])) continue;
    size_t end = i;
    while (end < source.size() && wordByte(source[end])) ++end;
    const std::string_view word = source.substr(i, end - i);
    if (word == "_ENV") return refusal(script, line, "the word '_ENV' is not allowed");
    if (branchWord(word)) ++branches;
    i = end - 1;
  }
  if (branches > limits::kRuleBranchWordsMax) {
    return refusal(script, line,
                   fmt::format("more than {} and/or/elseif/goto", limits::kRuleBranchWordsMax));
  }
  return {};
}

}  // namespace junctor::script
