#include "oauth/token.h"

#include <charconv>

#include "base/bytes.h"
#include "base/json_value.h"

namespace junctor::oauth {
namespace {

std::string textAt(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

// Some say 3600, some "3600".
int64_t secondsAt(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) return 0;
  if (found->is_number()) return std::max<int64_t>(0, found->get<int64_t>());
  const std::string text = found->is_string() ? found->get<std::string>() : "";
  int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::max<int64_t>(0, seconds);
}

// Providers that were not asked for JSON, or do not care, answer as a form.
Json formAsJson(std::string_view body) {
  Json out = Json::object();
  while (!body.empty()) {
    const std::string_view pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(pair.size() + 1, body.size()));
    const size_t equals = pair.find('=');
    if (equals == pair.npos) continue;
    const auto name = percentDecode(pair.substr(0, equals), true);
    const auto value = percentDecode(pair.substr(equals + 1), true);
    if (name && value && validUtf8(*name) && validUtf8(*value)) out[*name] = *value;
  }
  return out;
}

Json answerJson(std::string_view body) {
  auto json = parseJson(body);
  return json && json->is_object() ? std::move(*json) : formAsJson(body);
}

// Which errors end the grant (RFC 6749 §5.2 and what providers say instead).
bool endsGrant(std::string_view code) {
  for (const std::string_view known :
       {"invalid_grant", "bad_refresh_token", "invalid_refresh_token", "token_revoked",
        "token_expired", "BAD_REFRESH_TOKEN", "access_denied", "bad_verification_code"}) {
    if (code == known) return true;
  }
  return false;
}

// The code may be shown, the rest of the answer may hold anything.
Error refusal(const plugin::OauthFacts& facts, int status, const Json& answer) {
  std::string code = textAt(answer, "error");
  const Json::json_pointer at(facts.error_at);
  if (answer.contains(at) && answer[at].is_string()) code = answer[at].get<std::string>();
  std::string shown;
  for (const char c : code.substr(0, 64)) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
    shown += plain ? c : '?';
  }
  const std::string text =
      "the token endpoint answered " + std::to_string(status) + (shown.empty() ? "" : " ") + shown;
  if (endsGrant(code)) return makeError(ErrorCode::Unauthenticated, text);
  if (status >= 500 || status == 429 || status == 408) return unavailable(text);
  return invalidArgument(text);
}

}  // namespace

std::string Token::toJson() const {
  return dumpJson({{"access", access},
                   {"refresh", refresh},
                   {"expires_at_ms", expires_at_ms},
                   {"kept", kept_json}});
}

Result<Token> Token::fromJson(std::string_view text) {
  const auto json = parseJson(text);
  if (!json || !json->is_object() || textAt(*json, "access").empty()) {
    return makeError(ErrorCode::DataLoss, "a stored token cannot be read");
  }
  return Token{textAt(*json, "access"), textAt(*json, "refresh"),
               json->value("expires_at_ms", int64_t{0}), textAt(*json, "kept")};
}

Result<Token> readAnswer(const plugin::OauthFacts& facts, int status, std::string_view body,
                         int64_t now_ms, const Token* old) {
  const Json answer = answerJson(body);
  Json at = answer;
  if (!facts.token_at.empty()) {
    const Json::json_pointer pointer(facts.token_at);
    at = answer.contains(pointer) ? answer[pointer] : Json::object();
  }
  Token token;
  token.access = at.is_object() ? textAt(at, "access_token") : "";
  if (status < 200 || status > 299 || token.access.empty()) return refusal(facts, status, answer);
  const std::string type = lowerAscii(textAt(at, "token_type"));
  if (!type.empty() && type != "bearer" && type != "bot" && type != "user") {
    return invalidArgument("the token is of a type that cannot be used");
  }
  token.refresh = textAt(at, "refresh_token");
  if (token.refresh.empty() && old) token.refresh = old->refresh;
  const int64_t life_s = at.contains("expires_in") ? secondsAt(at, "expires_in") : facts.lifetime_s;
  if (life_s > 0) token.expires_at_ms = now_ms + std::min<int64_t>(life_s, 366 * 86'400) * 1000;
  Json kept = Json::object();
  if (const auto before = old ? parseJson(old->kept_json) : Result<Json>(kept)) kept = *before;
  for (const std::string& name : facts.keep) {
    if (!answer.contains(name)) continue;
    kept[name] = answer[name];
    if (kept[name].is_object()) {  // the authorizing person's own token is not ours to keep
      for (const char* secret : {"access_token", "refresh_token"}) kept[name].erase(secret);
    }
  }
  token.kept_json = dumpJson(kept);
  return token;
}

}  // namespace junctor::oauth
