#include "oauth/keeper.h"

#include <fmt/core.h>

#include "base/bytes.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "base/log.h"
#include "crypto/secret_bytes.h"

namespace junctor::oauth {
namespace {

constexpr const char* kStates[] = {"none", "pending", "active", "error", "revoked"};
constexpr const char* kKind = "integration-state";

Error refused(const char* why) {
  return makeError(ErrorCode::Unauthenticated, why);
}

// Each parameter once; a doubled one is an attempt to be understood twice.
Result<std::map<std::string, std::string>> callbackParams(std::string_view query) {
  std::map<std::string, std::string> out;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    const auto name = percentDecode(pair.substr(0, equals), true);
    const auto value = percentDecode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value || !out.emplace(*name, *value).second) {
      return refused("the callback is malformed");
    }
  }
  return out;
}

std::string originOf(const std::string& url) {
  const size_t host = url.find("//");
  return host == url.npos ? url : url.substr(0, url.find('/', host + 2));
}

}  // namespace

std::string_view toString(State state) {
  return kStates[static_cast<size_t>(state)];
}

Json Keeper::Known::settings() const {
  auto json = parseJson(integration->settings_json);
  return json && json->is_object() ? std::move(*json) : Json::object();
}

Result<Keeper::Known> Keeper::know(const std::string& tenant, const std::string& integration) {
  Known known;
  known.catalog = deps_.catalog();
  known.integration = known.catalog->findIntegration(integration);
  if (!known.integration || known.integration->tenant != tenant) {
    return notFound("there is no integration '" + integration + "'");
  }
  const auto connector = deps_.registry.find(known.integration->connector);
  if (!connector) {
    return notFound("connector '" + known.integration->connector + "' is not loaded");
  }
  if (!connector->manifest().declared.oauth.present()) {
    return invalidArgument("connector '" + known.integration->connector + "' has no OAuth");
  }
  known.facts = connector->manifest().declared.oauth;
  const Json settings = known.settings();
  for (std::string* url :
       {&known.facts.authorize_url, &known.facts.token_url, &known.facts.revoke_url}) {
    JUNCTOR_TRY(*url, plugin::fillText(*url, "", settings));
  }
  known.client.id = settings.value("client_id", std::string());
  if (known.client.id.empty()) return invalidArgument("settings.client_id is missing");
  const auto found = deps_.vault.withSecret({tenant, integration, "client_secret"},
                                            [&](std::string_view value) -> Result<void> {
                                              known.client.secret = value;
                                              return {};
                                            });
  if (!found && found.error().code != ErrorCode::NotFound) return found.error();
  return known;
}

Result<std::string> Keeper::begin(const std::string& tenant, const std::string& integration) {
  JUNCTOR_TRY(const Known known, know(tenant, integration));
  Login login{tenant, integration, known.facts.pkce ? randomText() : "", deps_.redirect_uri()};
  const std::string verifier = login.verifier, redirect = login.redirect_uri;
  JUNCTOR_TRY(const std::string state, logins_.begin(login));
  std::string scopes;
  for (const std::string& scope : known.facts.scopes) {
    scopes += (scopes.empty() ? "" : known.facts.scope_separator) + scope;
  }
  const Json settings = known.settings();
  scopes = settings.value("scopes", scopes);
  Params params = {{"response_type", "code"},
                   {"client_id", known.client.id},
                   {"redirect_uri", redirect},
                   {"state", state}};
  if (!scopes.empty()) params.emplace_back("scope", scopes);
  if (!verifier.empty()) {
    params.emplace_back("code_challenge", challengeOf(verifier));
    params.emplace_back("code_challenge_method", "S256");
  }
  params.insert(params.end(), known.facts.authorize_params.begin(),
                known.facts.authorize_params.end());
  if (status(integration).state == State::None) {
    JUNCTOR_CHECK(setStatus(*known.integration, State::Pending, ""));
  }
  return known.facts.authorize_url + "?" + formOf(params);
}

Result<Login> Keeper::loginOf(const std::string& state) {
  const CatalogPtr catalog = deps_.catalog();
  const Integration* of = catalog->findIntegration(Logins::integrationOf(state));
  if (of) {
    auto login = logins_.take(of->tenant, state);
    if (login || login.error().code != ErrorCode::NotFound) return login;
  }
  return refused("the login is unknown, has been used before, or took too long");
}

Result<std::string> Keeper::finish(const std::string& query) {
  JUNCTOR_TRY(auto params, callbackParams(query));
  JUNCTOR_TRY(const Login login, loginOf(params["state"]));
  JUNCTOR_TRY(const Known known, know(login.tenant, login.integration));
  // RFC 9207: an answer that names its issuer must come from the one that was asked.
  const std::string issuer = params["iss"];
  if (!issuer.empty() && originOf(issuer) != originOf(known.facts.authorize_url)) {
    return refused("the answer comes from another issuer");
  }
  if (!params["error"].empty()) return refused("the provider or the person refused");
  if (params["code"].empty()) return refused("the callback has no code");
  Params order = {{"grant_type", "authorization_code"},
                  {"code", params["code"]},
                  {"redirect_uri", login.redirect_uri}};
  if (!login.verifier.empty()) order.emplace_back("code_verifier", login.verifier);
  JUNCTOR_TRY(const Token token, request(known, std::move(order), nullptr));
  JUNCTOR_CHECK(keep(*known.integration, token));
  JUNCTOR_CHECK(setStatus(*known.integration, State::Active, ""));
  return login.integration;
}

Result<Token> Keeper::request(const Known& known, Params params, const Token* old) {
  Post post = tokenPost(known.facts, known.facts.token_url, known.client, std::move(params));
  net::OutboundRequest out;
  out.method = "POST";
  out.url = post.url;
  out.headers = std::move(post.headers);
  out.body = std::make_shared<const std::string>(std::move(post.body));
  out.pool = fmt::format("oauth/{}/{}", known.integration->tenant, known.integration->id);
  out.timeout_ms = limits::kOauthTimeoutMs;
  out.response_bytes_max = limits::kOauthAnswerBytesMax;
  JUNCTOR_TRY(auto answer, deps_.send(*known.integration, std::move(out)));
  const crypto::WipeAtEnd wiped(answer.body);
  return readAnswer(known.facts, answer.status, answer.body, deps_.clock.unixMs(), old);
}

Result<Token> Keeper::load(const Integration& of) {
  Token token;
  JUNCTOR_CHECK(deps_.vault.withSecret({of.tenant, of.id, kField},
                                       [&](std::string_view value) -> Result<void> {
                                         JUNCTOR_TRY(token, Token::fromJson(value));
                                         return {};
                                       }));
  return token;
}

Result<void> Keeper::keep(const Integration& of, const Token& token) {
  std::string json = token.toJson();
  const crypto::WipeAtEnd wiped(json);
  JUNCTOR_CHECK(deps_.vault.put({of.tenant, of.id, kField}, json));
  return {};
}

Result<void> Keeper::setStatus(const Integration& of, State state, const std::string& reason) {
  const int64_t now_ms = deps_.clock.unixMs();
  const bool was_wrong = this->status(of.id).state == State::Error;
  const std::string json =
      dumpJson({{"state", toString(state)}, {"reason", reason}, {"since_ms", now_ms}});
  JUNCTOR_CHECK(deps_.store.putDocument(std::string(kKind) + ":" + of.id, "oauth", json));
  log::info("oauth", {{"tenant", of.tenant}, {"integration", of.id}}, "the integration is {}{}{}",
            toString(state), reason.empty() ? "" : ": ", reason);
  const bool told = was_wrong ? state == State::Active : state == State::Error;
  if (told && deps_.tell) deps_.tell({of.tenant, of.id, reason, now_ms, was_wrong});
  return {};
}

void Keeper::judge(const Integration& of, bool taken, const std::string& why) {
  const State before = status(of.id).state;
  const State now = taken ? State::Active : State::Error;
  if (before == now || (!taken && before == State::Revoked)) return;
  const auto kept = setStatus(of, now, why);
  if (!kept) {
    log::error("oauth", {{"integration", of.id}}, "its state was not kept: {}",
               kept.error().message);
  }
}

Status Keeper::status(const std::string& integration) const {
  Status status;
  const auto documents = deps_.store.documents(std::string(kKind) + ":" + integration);
  if (!documents || documents->empty()) return status;
  const auto json = parseJson(documents->front().second);
  if (!json || !json->is_object()) return status;
  const std::string word = json->value("state", std::string());
  for (size_t i = 0; i < std::size(kStates); ++i) {
    if (word == kStates[i]) status.state = static_cast<State>(i);
  }
  status.reason = json->value("reason", std::string());
  status.since_ms = json->value("since_ms", int64_t{0});
  return status;
}

Result<void> Keeper::revoke(const std::string& tenant, const std::string& integration) {
  JUNCTOR_TRY(const Known known, know(tenant, integration));
  auto token = load(*known.integration);
  if (!token && token.error().code == ErrorCode::NotFound) return token.error();
  // Gone here first: whatever the provider says, it is not used any more.
  const auto removed = deps_.vault.remove({tenant, integration, kField});
  if (!removed && removed.error().code != ErrorCode::NotFound) return removed.error();
  JUNCTOR_CHECK(setStatus(*known.integration, State::Revoked, ""));
  if (known.facts.revoke_url.empty() || !token) return {};
  const std::string secret = token->refresh.empty() ? token->access : token->refresh;
  Post post = tokenPost(known.facts, known.facts.revoke_url, known.client, {{"token", secret}});
  net::OutboundRequest out;
  out.url = post.url;
  out.headers = std::move(post.headers);
  out.body = std::make_shared<const std::string>(std::move(post.body));
  out.pool = fmt::format("oauth/{}/{}", tenant, integration);
  out.timeout_ms = limits::kOauthTimeoutMs;
  JUNCTOR_TRY(const auto answer, deps_.send(*known.integration, std::move(out)));
  if (answer.status < 300) return {};
  return unavailable(
      fmt::format("the token is gone here; the provider answered {} to its end", answer.status));
}

}  // namespace junctor::oauth
