#include "plugin/loaded_instance.h"

#include <algorithm>
#include <type_traits>

#include "plugin/call_guard.h"
#include "plugin/event_collector.h"
#include "plugin/result_collectors.h"
#include "plugin/verdict.h"

// Is that function of a table there, and does the table reach to it?
#define JUNCTOR_OFFERS(table, member) \
  ((table) && JN_HAS(std::decay_t<decltype(*(table))>, table, member))

namespace junctor::plugin {
namespace {

std::string_view queryOf(std::string_view url) {
  const size_t mark = url.find('?');
  if (mark == std::string_view::npos) return {};
  const std::string_view query = url.substr(mark + 1);
  return query.substr(0, query.find('#'));
}

}  // namespace

LoadedInstance::~LoadedInstance() {
  try {
    connector_->library().connector->destroy(instance_);
  } catch (...) {
    // A destructor of the connector that throws has still ended the instance.
  }
}

Result<HandleResult> LoadedInstance::handle(const RawRequest& request, JsonView body,
                                            bool replies) {
  const jn_webhook* table = connector_->library().webhook;
  if (!table) return notOffered("webhooks");
  CallTarget target = targetFor();
  target.body = request.body;
  target.parsed_body = body;
  CallContext& context = CallContext::begin(target, connector_->clock(), cpuOnly());
  jn_http_in input{};
  if (!describe(request, context, input)) return tooManyHeaders();
  EventCollector events(context, replies);
  const jn_status status = guarded(
      context, [&] { return table->handle(context.call(), instance_, &input, events.sink()); });
  return std::move(events).finish(status);
}

Result<void> LoadedInstance::verify(const RawRequest& request, JsonView body,
                                    const std::vector<std::string>& secrets) {
  const jn_webhook* table = connector_->library().webhook;
  if (!JUNCTOR_OFFERS(table, verify)) return Instance::verify(request, body, secrets);
  CallTarget target = targetFor();
  target.body = request.body;
  target.parsed_body = body;
  target.secrets = &secrets;
  CallContext& context = CallContext::begin(target, connector_->clock(), cpuOnly());
  jn_http_in input{};
  if (!describe(request, context, input)) return tooManyHeaders();
  return done(context,
              guarded(context, [&] { return table->verify(context.call(), instance_, &input); }));
}

Result<ActionResult> LoadedInstance::execute(const ActionRequest& action,
                                             const CallOptions& options) {
  const jn_actions* table = connector_->library().actions;
  if (!table) return Instance::execute(action, options);
  jn_action input{};
  input.struct_size = sizeof input;
  input.name = viewOf(action.name);
  input.params_json = viewOf(action.params_json);
  input.idempotency_key = viewOf(action.idempotency_key);
  CallContext& context = enter(options);
  ActionCollector result(context);
  const jn_status status = guarded(
      context, [&] { return table->execute(context.call(), instance_, &input, result.sink()); });
  return std::move(result).finish(status);
}

Result<std::vector<Field>> LoadedInstance::listFields(const std::string& object,
                                                      const CallOptions& options) {
  const jn_fields* table = connector_->library().fields;
  if (!table) return Instance::listFields(object, options);
  const jn_str name = viewOf(object);
  CallContext& context = enter(options);
  FieldCollector fields(context);
  const jn_status status = guarded(
      context, [&] { return table->list(context.call(), instance_, &name, fields.sink()); });
  return std::move(fields).finish(status);
}

Result<Hook> LoadedInstance::subscribe(const HookRequest& request, const CallOptions& options) {
  const jn_hooks* table = connector_->library().hooks;
  if (!table) return Instance::subscribe(request, options);
  jn_hook_request input{};
  input.struct_size = sizeof input;
  input.url = viewOf(request.url);
  input.events_json = viewOf(request.events_json);
  input.signing_secret = viewOf(request.signing_secret);
  CallContext& context = enter(options);
  HookCollector hooks(context, true);
  const jn_status status = guarded(
      context, [&] { return table->subscribe(context.call(), instance_, &input, hooks.sink()); });
  return onlyOne(std::move(hooks).finish(status));
}

Result<void> LoadedInstance::unsubscribe(const std::string& hook_id, const CallOptions& options) {
  const jn_hooks* table = connector_->library().hooks;
  if (!table) return Instance::unsubscribe(hook_id, options);
  const jn_str id = viewOf(hook_id);
  CallContext& context = enter(options);
  return done(context,
              guarded(context, [&] { return table->unsubscribe(context.call(), instance_, &id); }));
}

Result<Hook> LoadedInstance::renew(const Hook& hook, const CallOptions& options) {
  const jn_hooks* table = connector_->library().hooks;
  if (!JUNCTOR_OFFERS(table, renew)) return Instance::renew(hook, options);
  jn_hook input{};
  input.struct_size = sizeof input;
  input.flags = hook.disabled ? JN_HOOK_DISABLED : 0;
  input.id = viewOf(hook.id);
  input.url = viewOf(hook.url);
  input.events_json = viewOf(hook.events_json);
  input.expires_ms = hook.expires_at_ms;
  CallContext& context = enter(options);
  HookCollector hooks(context, true);
  const jn_status status = guarded(
      context, [&] { return table->renew(context.call(), instance_, &input, hooks.sink()); });
  return onlyOne(std::move(hooks).finish(status));
}

Result<std::vector<Hook>> LoadedInstance::listHooks(const CallOptions& options) {
  const jn_hooks* table = connector_->library().hooks;
  if (!table) return Instance::listHooks(options);
  CallContext& context = enter(options);
  HookCollector hooks(context, false);
  const jn_status status =
      guarded(context, [&] { return table->list(context.call(), instance_, hooks.sink()); });
  return std::move(hooks).finish(status);
}

Result<PollResult> LoadedInstance::poll(const PollRequest& request, const CallOptions& options) {
  const jn_poll* table = connector_->library().poll;
  if (!table) return Instance::poll(request, options);
  jn_poll_request input{};
  input.struct_size = sizeof input;
  input.limit = request.limit;
  input.stream = viewOf(request.stream);
  input.cursor = viewOf(request.cursor);
  input.since_ms = request.since_ms;
  CallContext& context = enter(options);
  PollCollector events(context);
  const jn_status status = guarded(
      context, [&] { return table->poll(context.call(), instance_, &input, events.sink()); });
  return std::move(events).finish(status);
}

Result<OauthParams> LoadedInstance::authorizeParams(const OauthStart& start,
                                                    const CallOptions& options) {
  const jn_oauth* table = connector_->library().oauth;
  if (!JUNCTOR_OFFERS(table, authorize_params)) return Instance::authorizeParams(start, options);
  jn_oauth_start input{};
  input.struct_size = sizeof input;
  input.redirect_uri = viewOf(start.redirect_uri);
  input.scopes = viewOf(start.scopes);
  input.account_hint = viewOf(start.account_hint);
  CallContext& context = enter(options, JN_CALL_NO_IO);
  OauthCollector out(context, OauthCollector::Wants::Params);
  const jn_status status = guarded(context, [&] {
    return table->authorize_params(context.call(), instance_, &input, out.sink());
  });
  return std::move(out).params(status);
}

Result<OauthToken> LoadedInstance::parseToken(int http_status, const std::string& body,
                                              const CallOptions& options) {
  const jn_oauth* table = connector_->library().oauth;
  if (!JUNCTOR_OFFERS(table, parse_token)) {
    return Instance::parseToken(http_status, body, options);
  }
  const jn_str text = viewOf(body);
  CallContext& context = enter(options, JN_CALL_NO_IO);
  OauthCollector out(context, OauthCollector::Wants::Token);
  const jn_status status = guarded(context, [&] {
    return table->parse_token(context.call(), instance_, static_cast<uint32_t>(http_status), &text,
                              out.sink());
  });
  return std::move(out).token(status);
}

Result<OauthToken> LoadedInstance::refreshToken(const OauthToken& old, const CallOptions& options) {
  const jn_oauth* table = connector_->library().oauth;
  if (!JUNCTOR_OFFERS(table, refresh)) return Instance::refreshToken(old, options);
  jn_oauth_token input{};
  input.struct_size = sizeof input;
  input.access_token = viewOf(old.access_token);
  input.refresh_token = viewOf(old.refresh_token);
  input.token_type = viewOf(old.token_type);
  input.scopes = viewOf(old.scopes);
  input.extra_json = viewOf(old.extra_json);
  input.expires_ms = old.expires_at_ms;
  CallContext& context = enter(options);
  OauthCollector out(context, OauthCollector::Wants::Token);
  const jn_status status = guarded(
      context, [&] { return table->refresh(context.call(), instance_, &input, out.sink()); });
  return std::move(out).token(status);
}

Result<OauthAccount> LoadedInstance::identify(const CallOptions& options) {
  const jn_oauth* table = connector_->library().oauth;
  if (!JUNCTOR_OFFERS(table, identify)) return Instance::identify(options);
  CallContext& context = enter(options);
  OauthCollector out(context, OauthCollector::Wants::Account);
  const jn_status status =
      guarded(context, [&] { return table->identify(context.call(), instance_, out.sink()); });
  return std::move(out).account(status);
}

Result<void> LoadedInstance::test(const std::string& params_json, const CallOptions& options) {
  const jn_connector* table = connector_->library().connector;
  if (!JUNCTOR_OFFERS(table, test)) return Instance::test(params_json, options);
  const jn_str params = viewOf(params_json);
  CallContext& context = enter(options);
  return done(context,
              guarded(context, [&] { return table->test(context.call(), instance_, &params); }));
}

CallTarget LoadedInstance::targetFor() const {
  CallTarget target;
  target.connector = connector_->manifest().id;
  target.tenant = tenant_;
  target.integration = integration_;
  target.ports = connector_->ports();
  target.grants = &grants_;
  return target;
}

CallKind LoadedInstance::cpuOnly() const {
  CallKind kind;
  kind.budget_ms = grants_.budget().handle_ms;
  return kind;
}

CallContext& LoadedInstance::enter(const CallOptions& options, uint32_t flags) {
  CallKind kind;
  kind.flags = flags | (options.dry_run ? JN_CALL_DRY_RUN : 0) | (options.test ? JN_CALL_TEST : 0);
  kind.budget_ms = flags & JN_CALL_NO_IO ? grants_.budget().handle_ms : grants_.budget().action_ms;
  if (options.budget_ms > 0) kind.budget_ms = std::min(kind.budget_ms, options.budget_ms);
  kind.trace_parent = options.trace_parent;
  kind.cancelled = options.cancelled;
  kind.record = options.record;
  return CallContext::begin(targetFor(), connector_->clock(), kind);
}

Result<void> LoadedInstance::done(CallContext& context, jn_status status) {
  if (status != JN_OK) return context.errorOf(status);
  return {};
}

Result<Hook> LoadedInstance::onlyOne(Result<std::vector<Hook>> hooks) {
  if (!hooks) return std::move(hooks).error();
  return std::move(hooks->front());
}

Error LoadedInstance::tooManyHeaders() const {
  return invalidArgument(connector_->manifest().id + ": too many headers");
}

bool LoadedInstance::describe(const RawRequest& request, CallContext& context,
                              jn_http_in& out) const {
  const size_t count = request.headers.size();
  auto* items = static_cast<jn_kv*>(context.allocate(count * sizeof(jn_kv), alignof(jn_kv)));
  if (!items) return false;
  for (size_t i = 0; i < count; ++i) {
    items[i] = {viewOf(request.headers[i].first), viewOf(request.headers[i].second)};
  }
  out.struct_size = sizeof out;
  out.method = viewOf(request.method);
  out.url = viewOf(request.url);
  out.query = viewOf(queryOf(request.url));
  out.headers = {items, count};
  out.body = viewOf(request.body);
  out.remote_ip = viewOf(request.remote_ip);
  out.received_ms = request.received_at_ms;
  return true;
}

}  // namespace junctor::plugin
