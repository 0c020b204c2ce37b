#include "plugin/declared.h"

#include <algorithm>

#include "base/json_value.h"
#include "plugin/gate_rules.h"
#include "plugin/strict_object.h"

namespace junctor::plugin {
namespace {

// Requests are the connector's; here only their place is checked.
Result<void> checkRequest(const StrictObject& in, const char* key) {
  if (!in.has(key)) return in.error(key, "is required");
  JUNCTOR_TRY(const auto request, StrictObject::open(in.at(key), in.pathOf(key),
                                                     {"method", "url", "query", "headers", "json",
                                                      "form", "graphql", "credential"}));
  JUNCTOR_TRY(const std::string url, request.requiredText("url"));
  if (!url.starts_with("/") && !protocolOfUrl(url)) {
    return request.error("url", "must be a path of api.url, or https");
  }
  return {};
}

Result<DeclaredAction> readAction(const std::string& name, const Json& json) {
  JUNCTOR_TRY(const auto in,
              StrictObject::open(json, "actions." + name,
                                 {"title", "object", "into", "input", "idempotent",
                                  "idempotency_in_body", "request", "result", "pages"}));
  DeclaredAction action;
  action.name = name;
  JUNCTOR_TRY(action.title, in.requiredText("title"));
  JUNCTOR_TRY(action.object, in.text("object"));
  JUNCTOR_TRY(action.into, in.text("into"));
  JUNCTOR_CHECK(checkRequest(in, "request"));
  if (!in.has("input") || !in.at("input").is_object()) return in.error("input", "must be a schema");
  action.input_json = dumpJson(in.at("input"));
  action.idempotent = json.value("idempotent", Json()) == true;
  const std::string method = json["request"].value("method", std::string("GET"));
  action.changes = method != "GET" && method != "HEAD" && !json.contains("pages");
  return action;
}

Result<CredentialWay> readWay(const Json& json, const std::string& path) {
  JUNCTOR_TRY(
      const auto in,
      StrictObject::open(json, path, {"kind", "secret", "header", "value", "user", "password"}));
  CredentialWay way;
  JUNCTOR_TRY(const std::string kind, in.requiredText("kind"));
  if (kind == "none") {
    way.kind = CredentialWay::Kind::None;
    return way;
  }
  if (kind != "header" && kind != "basic" && kind != "oauth" && kind != "url") {
    return in.error("kind", "must be header, basic, oauth, url or none");
  }
  if (kind == "url") way.kind = CredentialWay::Kind::Url;
  if (kind == "basic") way.kind = CredentialWay::Kind::Basic;
  if (kind == "oauth") way.kind = CredentialWay::Kind::Oauth;
  JUNCTOR_TRY(way.secret, in.text("secret", kind == "oauth" ? "oauth" : ""));
  if (way.secret.empty()) return in.error("secret", "is required");
  JUNCTOR_TRY(way.header, in.text("header", way.header));
  JUNCTOR_TRY(way.value, in.text("value", way.value));
  JUNCTOR_TRY(way.user, in.text("user"));
  JUNCTOR_TRY(way.password, in.text("password", "{secret}"));
  if (kind == "basic" && way.user.empty()) return in.error("user", "is required");
  return way;
}

Result<void> readCredentials(const Json& manifest, Declared& out) {
  if (!manifest.contains("credentials")) return {};
  if (!manifest["credentials"].is_object())
    return invalidArgument("credentials: must be an object");
  for (const auto& [name, ways] : manifest["credentials"].items()) {
    if (!ways.is_array() || ways.empty()) {
      return invalidArgument("credentials." + name + ": must be a list of ways");
    }
    for (const Json& way : ways) {
      JUNCTOR_TRY(CredentialWay read, readWay(way, "credentials." + name));
      out.credentials[name].push_back(std::move(read));
    }
  }
  return {};
}

Result<std::vector<std::pair<std::string, std::string>>> readPairs(const StrictObject& in,
                                                                   const char* key) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!in.has(key)) return out;
  if (!in.at(key).is_object()) return in.error(key, "must be an object");
  for (const auto& [name, value] : in.at(key).items()) {
    if (!value.is_string()) return in.error(key, "values must be texts");
    out.emplace_back(name, value.get<std::string>());
  }
  return out;
}

Result<void> readOauth(const Json& manifest, OauthFacts& out) {
  if (!manifest.contains("oauth2")) return {};
  JUNCTOR_TRY(
      const auto in,
      StrictObject::open(manifest["oauth2"], "oauth2",
                         {"authorize_url", "token_url", "revoke_url", "scopes", "scope_separator",
                          "authorize_params", "token_params", "token_body", "client_auth", "pkce",
                          "token_at", "error_at", "keep", "lifetime_s"}));
  JUNCTOR_TRY(out.authorize_url, in.requiredText("authorize_url"));
  JUNCTOR_TRY(out.token_url, in.requiredText("token_url"));
  JUNCTOR_TRY(out.revoke_url, in.text("revoke_url"));
  for (const std::string* url : {&out.authorize_url, &out.token_url, &out.revoke_url}) {
    if (!url->empty() && !url->starts_with("https://")) {
      return invalidArgument("oauth2: URLs must be https");
    }
  }
  JUNCTOR_TRY(out.scopes, in.texts("scopes"));
  JUNCTOR_TRY(out.scope_separator, in.text("scope_separator", " "));
  JUNCTOR_TRY(out.authorize_params, readPairs(in, "authorize_params"));
  JUNCTOR_TRY(out.token_params, readPairs(in, "token_params"));
  JUNCTOR_TRY(const std::string body, in.text("token_body", "form"));
  JUNCTOR_TRY(const std::string client, in.text("client_auth", "body"));
  if (body != "form" && body != "json") return in.error("token_body", "must be form or json");
  if (client != "body" && client != "basic")
    return in.error("client_auth", "must be body or basic");
  out.json_body = body == "json";
  out.basic_client = client == "basic";
  out.pkce = manifest["oauth2"].value("pkce", Json()) != false;
  JUNCTOR_TRY(out.token_at, in.text("token_at"));
  JUNCTOR_TRY(out.error_at, in.text("error_at", "/error"));
  JUNCTOR_TRY(out.keep, in.texts("keep"));
  JUNCTOR_TRY(out.lifetime_s, in.integer("lifetime_s", 0, 0, 366 * 86'400));
  return {};
}

// The rate that the provider states: what it takes before it says 429.
Result<void> readRate(const Json& manifest, Declared& out) {
  const Json api = manifest.value("api", Json::object());
  if (!api.is_object() || !api.contains("rate")) return {};
  JUNCTOR_TRY(const auto rate,
              StrictObject::open(api["rate"], "api.rate",
                                 {"remaining", "reset", "reset_is", "requests", "per_s"}));
  JUNCTOR_TRY(out.rate.count, rate.integer("requests", 0, 1, 1'000'000));
  JUNCTOR_TRY(const int64_t per_s, rate.integer("per_s", 1, 1, 86'400));
  out.rate.per = std::chrono::seconds(per_s);
  return {};
}

Result<void> readHooks(const Json& manifest, Declared& out) {
  if (!manifest.contains("hooks")) return {};
  JUNCTOR_TRY(const auto hooks,
              StrictObject::open(manifest["hooks"], "hooks",
                                 {"subscribe", "unsubscribe", "renew", "list", "events",
                                  "lifetime_s", "secret", "each", "id_after"}));
  for (const char* key : {"subscribe", "unsubscribe", "renew", "list"}) {
    const bool optional = key == std::string_view("renew") || key == std::string_view("list");
    if (optional && !hooks.has(key)) continue;
    if (!hooks.has(key)) return hooks.error(key, "is required");
    JUNCTOR_TRY(const auto one,
                StrictObject::open(hooks.at(key), hooks.pathOf(key),
                                   {"request", "result", "items", "id", "url", "secret_request"}));
    JUNCTOR_CHECK(checkRequest(one, "request"));
    if (one.has("secret_request")) JUNCTOR_CHECK(checkRequest(one, "secret_request"));
  }
  JUNCTOR_TRY(const std::string secret, hooks.text("secret", "host"));
  if (secret != "host" && secret != "provider" && secret != "none") {
    return hooks.error("secret", "must be host, provider or none");
  }
  out.hook_secret_by_host = secret == "host";
  JUNCTOR_TRY(out.hook_events, hooks.texts("events"));
  return {};
}

}  // namespace

const DeclaredAction* Declared::action(std::string_view name) const {
  const auto found = std::find_if(actions.begin(), actions.end(),
                                  [name](const DeclaredAction& each) { return each.name == name; });
  return found == actions.end() ? nullptr : &*found;
}

Result<Declared> readDeclared(const Json& manifest) {
  Declared out;
  for (const char* key : {"actions", "fields"}) {
    if (manifest.contains(key) && !manifest[key].is_object()) {
      return invalidArgument(std::string(key) + ": must be an object");
    }
  }
  const Json actions = manifest.value("actions", Json::object());
  const Json fields = manifest.value("fields", Json::object());
  for (const auto& [name, json] : actions.items()) {
    JUNCTOR_TRY(DeclaredAction action, readAction(name, json));
    out.actions.push_back(std::move(action));
  }
  for (const auto& object : fields.items()) out.objects.push_back(object.key());
  out.testable = manifest.contains("test");
  JUNCTOR_CHECK(readCredentials(manifest, out));
  JUNCTOR_CHECK(readOauth(manifest, out.oauth));
  JUNCTOR_CHECK(readRate(manifest, out));
  JUNCTOR_CHECK(readHooks(manifest, out));
  return out;
}

Result<std::string> fillText(std::string_view text, std::string_view secret, const Json& settings) {
  std::string out;
  size_t at = 0;
  for (size_t open = 0; (open = text.find('{', at)) != text.npos;) {
    const size_t close = text.find('}', open);
    if (close == text.npos) break;
    out += text.substr(at, open - at);
    const std::string name(text.substr(open + 1, close - open - 1));
    at = close + 1;
    if (name == "secret") {
      out += secret;
      continue;
    }
    const std::string key = name.starts_with("settings.") ? name.substr(9) : "";
    if (key.empty() || !settings.contains(key) || !settings[key].is_string()) {
      return invalidArgument("the setting '" + (key.empty() ? name : key) + "' is missing");
    }
    out += settings[key].get<std::string>();
  }
  return out += text.substr(at);
}

}  // namespace junctor::plugin
