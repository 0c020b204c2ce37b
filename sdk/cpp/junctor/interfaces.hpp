// What a connector may offer, in the C++ SDK: a class offers an interface by deriving from it. Part
// of junctor/connector.hpp. Texts given to a sink are copied before it returns; whatever a sink
// refuses is thrown and ends the call. Any function may throw jnc::Failure.
#ifndef JUNCTOR_INTERFACES_HPP
#define JUNCTOR_INTERFACES_HPP

#include <junctor/services.hpp>
#include <junctor/webhook.hpp>

namespace jnc {

// ---- junctor.webhook/1

class Webhooks {
 public:
  virtual ~Webhooks() = default;
  virtual void handle(const Call& call, const Request& request, Events& events) = 0;
};
// A signature that the manifest cannot describe. Throw Failure(JN_E_SIGNATURE, …) to refuse.
class VerifiesWebhooks {
 public:
  virtual ~VerifiesWebhooks() = default;
  virtual void verify(const Call& call, const Request& request) = 0;
};

// ---- junctor.actions/1

struct Action {
  Text name;
  Json params;
  Text idempotency_key;
};
struct ActionResult {
  Text data;  // JSON text; empty = null
  Text external_id, url;
};
class ActionSink {
 public:
  explicit ActionSink(const jn_action_sink* sink) : sink_(sink) {}
  void result(const ActionResult& result) {
    jn_action_result out{};
    out.struct_size = sizeof out;
    out.data_json = detail::view(result.data);
    out.external_id = detail::view(result.external_id);
    out.url = detail::view(result.url);
    detail::check(sink_->result(sink_, &out), "the host refused the result");
  }

 private:
  const jn_action_sink* sink_;
};
class Actions {
 public:
  virtual ~Actions() = default;
  // Unknown names: throw invalid().
  virtual void execute(const Call& call, const Action& action, ActionSink& out) = 0;
};

// ---- junctor.fields/1

struct Field {
  uint32_t type = JN_FIELD_TEXT;
  uint32_t flags = 0;  // JN_FIELD_REQUIRED and its like
  Text name, label, help, refers_to;
  std::vector<jn_kv> options;  // value, label; see option()
};
inline jn_kv option(Text value, Text label) {
  return {detail::view(value), detail::view(label)};
}
class FieldSink {
 public:
  explicit FieldSink(const jn_field_sink* sink) : sink_(sink) {}
  void field(const Field& field) {
    jn_field out{};
    out.struct_size = sizeof out;
    out.flags = field.flags;
    out.type = field.type;
    out.name = detail::view(field.name);
    out.label = detail::view(field.label);
    out.help = detail::view(field.help);
    out.refers_to = detail::view(field.refers_to);
    out.options = {field.options.data(), field.options.size()};
    detail::check(sink_->field(sink_, &out), "the host refused a field");
  }

 private:
  const jn_field_sink* sink_;
};
class Fields {
 public:
  virtual ~Fields() = default;
  virtual void listFields(const Call& call, Text object, FieldSink& out) = 0;
};

// ---- junctor.hooks/1

struct Hook {
  Text id, url;
  Text events;          // JSON array of event types
  Text signing_secret;  // if the provider chose one
  int64_t expires_ms = 0;
  bool disabled = false;
};
struct HookRequest {
  Text url;
  Json events;          // array of event types
  Text signing_secret;  // empty = the provider chooses
};
class HookSink {
 public:
  explicit HookSink(const jn_hook_sink* sink) : sink_(sink) {}
  void hook(const Hook& hook) {
    jn_hook out{};
    out.struct_size = sizeof out;
    out.flags = hook.disabled ? JN_HOOK_DISABLED : 0;
    out.id = detail::view(hook.id);
    out.url = detail::view(hook.url);
    out.events_json = detail::view(hook.events);
    out.signing_secret = detail::view(hook.signing_secret);
    out.expires_ms = hook.expires_ms;
    detail::check(sink_->hook(sink_, &out), "the host refused a hook");
  }

 private:
  const jn_hook_sink* sink_;
};
class Hooks {
 public:
  virtual ~Hooks() = default;
  // Gives exactly one hook; asking twice leaves one subscription.
  virtual void subscribe(const Call& call, const HookRequest& request, HookSink& out) = 0;
  // One that is gone already is no failure.
  virtual void unsubscribe(const Call& call, Text hook_id) = 0;
  virtual void listHooks(const Call& call, HookSink& out) = 0;
};
class RenewsHooks {
 public:
  virtual ~RenewsHooks() = default;
  virtual void renew(const Call& call, const Hook& hook, HookSink& out) = 0;
};

// ---- junctor.poll/1

struct PollRequest {
  Text stream, cursor;
  int64_t since_ms = 0;
  uint32_t limit = 0;
};
class PollSink {
 public:
  explicit PollSink(const jn_poll_sink* sink) : sink_(sink) {}
  // Must have a payload.
  void emit(const Event& event) {
    const jn_event out = detail::raw(event);
    detail::check(sink_->event(sink_, &out), "the host refused an event");
  }
  // Exactly once, after the last event.
  void next(Text cursor, bool more = false, uint64_t wait_ms = 0) {
    jn_poll_next out{};
    out.struct_size = sizeof out;
    out.flags = more ? JN_POLL_MORE : 0;
    out.cursor = detail::view(cursor);
    out.wait_ms = wait_ms;
    detail::check(sink_->next(sink_, &out), "the host refused the cursor");
  }

 private:
  const jn_poll_sink* sink_;
};
class Polls {
 public:
  virtual ~Polls() = default;
  virtual void poll(const Call& call, const PollRequest& request, PollSink& out) = 0;
};

// ---- junctor.oauth/1: each on its own, where the standard way will not do

struct OauthStart {
  Text redirect_uri, scopes, account_hint;
};
struct OauthToken {  // secret
  Text access_token, refresh_token, token_type, scopes;
  Text extra;  // JSON object
  int64_t expires_ms = 0;
};
struct OauthAccount {
  Text id, name, base_url;
  Text detail;  // JSON object
};
class OauthSink {
 public:
  explicit OauthSink(const jn_oauth_sink* sink) : sink_(sink) {}
  void param(Text name, Text value) {
    const jn_str key = detail::view(name), text = detail::view(value);
    detail::check(sink_->param(sink_, &key, &text), "the host refused a parameter");
  }
  void token(const OauthToken& token) {
    jn_oauth_token out{};
    out.struct_size = sizeof out;
    out.access_token = detail::view(token.access_token);
    out.refresh_token = detail::view(token.refresh_token);
    out.token_type = detail::view(token.token_type);
    out.scopes = detail::view(token.scopes);
    out.extra_json = detail::view(token.extra);
    out.expires_ms = token.expires_ms;
    detail::check(sink_->token(sink_, &out), "the host refused the token");
  }
  void account(const OauthAccount& account) {
    jn_oauth_account out{};
    out.struct_size = sizeof out;
    out.id = detail::view(account.id);
    out.name = detail::view(account.name);
    out.base_url = detail::view(account.base_url);
    out.detail_json = detail::view(account.detail);
    detail::check(sink_->account(sink_, &out), "the host refused the account");
  }

 private:
  const jn_oauth_sink* sink_;
};
class AddsOauthParams {
 public:
  virtual ~AddsOauthParams() = default;
  virtual void authorizeParams(const Call& call, const OauthStart& start, OauthSink& out) = 0;
};
class ReadsOauthTokens {
 public:
  virtual ~ReadsOauthTokens() = default;
  virtual void parseToken(const Call& call, uint32_t http_status, Text body, OauthSink& out) = 0;
};
class RefreshesOauthTokens {
 public:
  virtual ~RefreshesOauthTokens() = default;
  virtual void refreshToken(const Call& call, const OauthToken& old, OauthSink& out) = 0;
};
class IdentifiesAccounts {
 public:
  virtual ~IdentifiesAccounts() = default;
  virtual void identify(const Call& call, OauthSink& out) = 0;
};

// ---- junctor.connector/1

// Tries the connection with the provider; throws what is wrong with it.
class TestsConnection {
 public:
  virtual ~TestsConnection() = default;
  virtual void testConnection(const Call& call, Json params) = 0;
};

}  // namespace jnc

#endif
