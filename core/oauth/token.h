#pragma once
// Token: what a provider gave for an integration, as it rests in the vault (field "oauth").
#include <cstdint>
#include <string>

#include "base/result.h"
#include "plugin/declared.h"

namespace junctor::oauth {

inline constexpr const char* kField = "oauth";

struct Token {  // secret
  std::string access, refresh;
  int64_t expires_at_ms = 0;     // 0 = until it is refused
  std::string kept_json = "{}";  // members of the answer that the manifest keeps

  bool endsBefore(int64_t unix_ms) const { return expires_at_ms != 0 && expires_at_ms <= unix_ms; }
  std::string toJson() const;
  static Result<Token> fromJson(std::string_view json);  // DataLoss
};

// A token endpoint's answer. Unauthenticated: the grant is no good any more, a person must consent
// again. Unavailable: later. InvalidArgument: the client or request is wrong. `old` gives what the
// answer leaves out.
Result<Token> readAnswer(const plugin::OauthFacts& facts, int status, std::string_view body,
                         int64_t now_ms, const Token* old);

}  // namespace junctor::oauth
