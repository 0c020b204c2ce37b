#include "plugin/result_collectors.h"

#include <algorithm>
#include <array>

#include "base/limits.h"

namespace junctor::plugin {
namespace {

constexpr size_t kTextMax = limits::kConnectorTextBytesMax;

// A JSON array of strings, or empty.
bool isTextList(std::string_view json) {
  if (json.empty()) return true;
  JsonDoc document;
  const auto parsed = document.parse(json);
  if (!parsed || parsed->type() != JsonType::Array) return false;
  for (size_t i = 0; i < parsed->size(); ++i) {
    if (parsed->at(i).type() != JsonType::String) return false;
  }
  return true;
}

}  // namespace

// ---- actions

ActionCollector::ActionCollector(CallContext& context)
    : Collector(context), sink_{sizeof(jn_action_sink), 0, this, resultFor} {}

jn_status ActionCollector::resultFor(const jn_action_sink* sink, const jn_action_result* result) {
  if (!sink || !sink->ctx) return JN_E_INTERNAL;
  return static_cast<ActionCollector*>(sink->ctx)->set(result);
}

jn_status ActionCollector::set(const jn_action_result* given) {
  if (const jn_status status = mayGoOn(); status != JN_OK) return status;
  const auto result = known(given);
  if (!result) return refuse(JN_E_INVALID, "the result is NULL or too small");
  if (result_) return refuse(JN_E_CONFLICT, "gave a result twice");
  if (result->data_json.len > limits::kConnectorResultBytesMax) {
    return refuse(JN_E_TOO_LARGE, "the result is larger than 1 MiB");
  }
  result_.emplace();
  if (!copyJson(result->data_json, result_->data_json)) {
    return refuse(JN_E_INVALID, "the result's data_json is not JSON");
  }
  if (result_->data_json.empty()) result_->data_json = "null";
  if (!copyText(result->external_id, kTextMax, result_->external_id) ||
      !copyText(result->url, kTextMax, result_->url)) {
    return refuse(JN_E_INVALID, "the result's external_id or url is too long or not clean text");
  }
  return JN_OK;
}

Result<ActionResult> ActionCollector::finish(jn_status status) && {
  JUNCTOR_CHECK(verdict(status));
  return std::move(result_).value_or(ActionResult());
}

// ---- fields

FieldCollector::FieldCollector(CallContext& context)
    : Collector(context), sink_{sizeof(jn_field_sink), 0, this, fieldFor} {}

jn_status FieldCollector::fieldFor(const jn_field_sink* sink, const jn_field* field) {
  if (!sink || !sink->ctx) return JN_E_INTERNAL;
  return static_cast<FieldCollector*>(sink->ctx)->add(field);
}

bool FieldCollector::copyOptions(const jn_map& options, Field& out) const {
  if (!options.items && options.len > 0) return false;
  out.options.resize(options.len);
  for (size_t i = 0; i < options.len; ++i) {
    if (!copyText(options.items[i].key, kTextMax, out.options[i].first) ||
        !copyText(options.items[i].val, kTextMax, out.options[i].second)) {
      return false;
    }
  }
  return true;
}

jn_status FieldCollector::add(const jn_field* given) {
  if (const jn_status status = mayGoOn(); status != JN_OK) return status;
  const auto field = known(given);
  if (!field) return refuse(JN_E_INVALID, "a field is NULL or too small");
  if (fields_.size() == limits::kConnectorFieldsMax) {
    return refuse(JN_E_TOO_LARGE, "more than 5000 fields");
  }
  if (field->options.len > limits::kConnectorOptionsMax) {
    return refuse(JN_E_TOO_LARGE, "a field has more than 1000 options");
  }
  if (field->type < JN_FIELD_TEXT || field->type > JN_FIELD_JSON) {
    return refuse(JN_E_INVALID, "a field has an unknown type");
  }
  Field& out = fields_.emplace_back();
  out.type = static_cast<FieldType>(field->type);
  out.required = field->flags & JN_FIELD_REQUIRED;
  out.read_only = field->flags & JN_FIELD_READ_ONLY;
  out.custom = field->flags & JN_FIELD_CUSTOM;
  out.multiple = field->flags & JN_FIELD_MULTIPLE;
  if (!copyText(field->name, kTextMax, out.name) || !copyText(field->label, kTextMax, out.label) ||
      !copyText(field->help, kTextMax, out.help) ||
      !copyText(field->refers_to, kTextMax, out.refers_to) || !copyOptions(field->options, out)) {
    return refuse(JN_E_INVALID, "a text of a field is too long or not clean text");
  }
  if (out.name.empty()) return refuse(JN_E_INVALID, "a field has no name");
  if (!names_.insert(out.name).second) return refuse(JN_E_CONFLICT, "two fields have one name");
  return JN_OK;
}

Result<std::vector<Field>> FieldCollector::finish(jn_status status) && {
  JUNCTOR_CHECK(verdict(status));
  return std::move(fields_);
}

// ---- hooks

HookCollector::HookCollector(CallContext& context, bool one)
    : Collector(context), sink_{sizeof(jn_hook_sink), 0, this, hookFor}, one_(one) {}

jn_status HookCollector::hookFor(const jn_hook_sink* sink, const jn_hook* hook) {
  if (!sink || !sink->ctx) return JN_E_INTERNAL;
  return static_cast<HookCollector*>(sink->ctx)->add(hook);
}

jn_status HookCollector::add(const jn_hook* given) {
  if (const jn_status status = mayGoOn(); status != JN_OK) return status;
  const auto hook = known(given);
  if (!hook) return refuse(JN_E_INVALID, "a hook is NULL or too small");
  if (one_ && !hooks_.empty()) return refuse(JN_E_CONFLICT, "gave a second hook");
  if (hooks_.size() == limits::kConnectorHooksMax) {
    return refuse(JN_E_TOO_LARGE, "more than 1000 hooks");
  }
  Hook& out = hooks_.emplace_back();
  out.disabled = hook->flags & JN_HOOK_DISABLED;
  out.expires_at_ms = hook->expires_ms;
  if (!copyText(hook->id, kTextMax, out.id) || !copyText(hook->url, kTextMax, out.url) ||
      !copyText(hook->signing_secret, kTextMax, out.signing_secret)) {
    return refuse(JN_E_INVALID, "a text of a hook is too long or not clean text");
  }
  if (out.id.empty()) return refuse(JN_E_INVALID, "a hook has no id");
  if (!ids_.insert(out.id).second) return refuse(JN_E_CONFLICT, "two hooks have one id");
  if (!copyJson(hook->events_json, out.events_json) || !isTextList(out.events_json)) {
    return refuse(JN_E_INVALID, "a hook's events_json is no array of texts");
  }
  return JN_OK;
}

Result<std::vector<Hook>> HookCollector::finish(jn_status status) && {
  if (one_ && status == JN_OK && hooks_.empty()) refuse(JN_E_INTERNAL, "gave no hook");
  JUNCTOR_CHECK(verdict(status));
  return std::move(hooks_);
}

// ---- oauth

OauthCollector::OauthCollector(CallContext& context, Wants wants)
    : Collector(context),
      sink_{sizeof(jn_oauth_sink), 0, this, paramFor, tokenFor, accountFor},
      wants_(wants) {}

jn_status OauthCollector::paramFor(const jn_oauth_sink* sink, const jn_str* name,
                                   const jn_str* value) {
  if (!sink || !sink->ctx) return JN_E_INTERNAL;
  return static_cast<OauthCollector*>(sink->ctx)->addParam(name, value);
}
jn_status OauthCollector::tokenFor(const jn_oauth_sink* sink, const jn_oauth_token* token) {
  if (!sink || !sink->ctx) return JN_E_INTERNAL;
  return static_cast<OauthCollector*>(sink->ctx)->setToken(token);
}
jn_status OauthCollector::accountFor(const jn_oauth_sink* sink, const jn_oauth_account* account) {
  if (!sink || !sink->ctx) return JN_E_INTERNAL;
  return static_cast<OauthCollector*>(sink->ctx)->setAccount(account);
}

jn_status OauthCollector::expect(Wants what) {
  if (const jn_status status = mayGoOn(); status != JN_OK) return status;
  return what == wants_ ? JN_OK
                        : refuse(JN_E_UNSUPPORTED, "gave the OAuth sink what it does not take");
}

jn_status OauthCollector::addParam(const jn_str* name, const jn_str* value) {
  constexpr std::array<std::string_view, 8> kOurs = {
      "state",         "client_id",      "client_secret",         "redirect_uri",
      "response_type", "code_challenge", "code_challenge_method", "scope"};
  if (const jn_status status = expect(Wants::Params); status != JN_OK) return status;
  if (!name || !value) return refuse(JN_E_INVALID, "a parameter is NULL");
  if (params_.size() == limits::kHeaderFieldsMax) {
    return refuse(JN_E_TOO_LARGE, "too many parameters");
  }
  auto& [key, text] = params_.emplace_back();
  if (!copyText(*name, kTextMax, key) || !copyText(*value, kTextMax, text) || key.empty()) {
    return refuse(JN_E_INVALID, "a parameter is empty, too long or not clean text");
  }
  if (std::find(kOurs.begin(), kOurs.end(), key) != kOurs.end()) {
    return refuse(JN_E_DENIED, "the parameter " + key + " is the host's");
  }
  return JN_OK;
}

jn_status OauthCollector::setToken(const jn_oauth_token* given) {
  constexpr size_t kTokenMax = limits::kConnectorTokenBytesMax;
  if (const jn_status status = expect(Wants::Token); status != JN_OK) return status;
  const auto token = known(given);
  if (!token) return refuse(JN_E_INVALID, "the token is NULL or too small");
  if (token_) return refuse(JN_E_CONFLICT, "gave a token twice");
  OauthToken& out = token_.emplace();
  out.expires_at_ms = token->expires_ms;
  if (!copyText(token->access_token, kTokenMax, out.access_token) ||
      !copyText(token->refresh_token, kTokenMax, out.refresh_token) ||
      !copyText(token->scopes, kTextMax, out.scopes) ||
      !copyText(token->token_type, kTextMax, out.token_type)) {
    return refuse(JN_E_INVALID, "a text of the token is too long or not clean text");
  }
  if (out.access_token.empty()) return refuse(JN_E_INVALID, "the token has no access_token");
  if (out.token_type.empty()) out.token_type = "Bearer";
  if (token->extra_json.len > kTokenMax || !copyJson(token->extra_json, out.extra_json)) {
    return refuse(JN_E_INVALID, "the token's extra_json is too long or not JSON");
  }
  return JN_OK;
}

jn_status OauthCollector::setAccount(const jn_oauth_account* given) {
  if (const jn_status status = expect(Wants::Account); status != JN_OK) return status;
  const auto account = known(given);
  if (!account) return refuse(JN_E_INVALID, "the account is NULL or too small");
  if (account_) return refuse(JN_E_CONFLICT, "gave an account twice");
  OauthAccount& out = account_.emplace();
  if (!copyText(account->id, kTextMax, out.id) || !copyText(account->name, kTextMax, out.name) ||
      !copyText(account->base_url, kTextMax, out.base_url)) {
    return refuse(JN_E_INVALID, "a text of the account is too long or not clean text");
  }
  if (out.id.empty()) return refuse(JN_E_INVALID, "the account has no id");
  if (account->detail_json.len > limits::kConnectorTokenBytesMax ||
      !copyJson(account->detail_json, out.detail_json)) {
    return refuse(JN_E_INVALID, "the account's detail_json is too long or not JSON");
  }
  return JN_OK;
}

Result<OauthParams> OauthCollector::params(jn_status status) && {
  JUNCTOR_CHECK(verdict(status));
  return std::move(params_);
}

Result<OauthToken> OauthCollector::token(jn_status status) && {
  if (status == JN_OK && !token_) refuse(JN_E_INTERNAL, "gave no token");
  JUNCTOR_CHECK(verdict(status));
  return std::move(*token_);
}

Result<OauthAccount> OauthCollector::account(jn_status status) && {
  if (status == JN_OK && !account_) refuse(JN_E_INTERNAL, "gave no account");
  JUNCTOR_CHECK(verdict(status));
  return std::move(*account_);
}

}  // namespace junctor::plugin
