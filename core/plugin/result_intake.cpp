#include "plugin/result_intake.h"

#include "base/json_doc.h"
#include "base/limits.h"
#include "plugin/event_collector.h"
#include "plugin/result_collectors.h"

namespace junctor::plugin {
namespace {

constexpr int64_t kIntakeMs = limits::kConnectorActionMs;  // the connector's time is over already

// The host's side of a call that has ended elsewhere.
struct Reception {
  CallTarget target;
  CallContext& context;

  explicit Reception(const IntakeFor& who)
      : target{who.connector, {}, {}, {}, JsonView()},
        context(CallContext::begin(target, who.clock, CallKind{JN_CALL_NO_IO, kIntakeMs})) {}
};

jn_event eventOf(const Event& event) {
  jn_event out{};
  out.struct_size = sizeof out;
  out.flags = event.sequence ? JN_EVENT_HAS_SEQUENCE : 0;
  out.type = viewOf(event.type);
  out.id = viewOf(event.source_event_id);
  out.resource_type = viewOf(event.resource.type);
  out.resource_id = viewOf(event.resource.id);
  out.actor_json = viewOf(event.actor_json);
  out.data_json = viewOf(event.data_json);
  out.payload_json = viewOf(event.payload_json);
  out.metadata_json = viewOf(event.metadata_json);
  out.occurred_ms = event.occurred_at_ms;
  out.sequence = event.sequence.value_or(0);
  return out;
}

void giveReply(const Reply& reply, EventCollector& out) {
  std::vector<jn_kv> headers;
  for (const auto& [name, value] : reply.headers) {
    headers.push_back({viewOf(name), viewOf(value)});
  }
  const jn_reply given{sizeof given,
                       static_cast<uint32_t>(reply.status),
                       {headers.data(), headers.size()},
                       viewOf(reply.body)};
  out.sink()->reply(out.sink(), &given);
}

jn_hook hookOf(const Hook& hook) {
  jn_hook out{};
  out.struct_size = sizeof out;
  out.flags = hook.disabled ? JN_HOOK_DISABLED : 0;
  out.id = viewOf(hook.id);
  out.url = viewOf(hook.url);
  out.events_json = viewOf(hook.events_json);
  out.signing_secret = viewOf(hook.signing_secret);
  out.expires_ms = hook.expires_at_ms;
  return out;
}

jn_field fieldOf(const Field& field, const std::vector<jn_kv>& options) {
  jn_field out{};
  out.struct_size = sizeof out;
  out.type = static_cast<uint32_t>(field.type);
  out.flags = (field.required ? JN_FIELD_REQUIRED : 0) |
              (field.read_only ? JN_FIELD_READ_ONLY : 0) | (field.custom ? JN_FIELD_CUSTOM : 0) |
              (field.multiple ? JN_FIELD_MULTIPLE : 0);
  out.name = viewOf(field.name);
  out.label = viewOf(field.label);
  out.help = viewOf(field.help);
  out.refers_to = viewOf(field.refers_to);
  out.options = {options.data(), options.size()};
  return out;
}

}  // namespace

Result<HandleResult> takeIn(const IntakeFor& who, const HandleResult& result) {
  const Reception reception(who);
  EventCollector out(reception.context, true);
  for (const Event& event : result.events) {
    const jn_event given = eventOf(event);
    out.sink()->event(out.sink(), &given);
  }
  if (result.reply) giveReply(*result.reply, out);
  return std::move(out).finish(JN_OK);
}

Result<ActionResult> takeIn(const IntakeFor& who, const ActionResult& result) {
  const Reception reception(who);
  ActionCollector out(reception.context);
  const jn_action_result given{sizeof given, 0, viewOf(result.data_json),
                               viewOf(result.external_id), viewOf(result.url)};
  out.sink()->result(out.sink(), &given);
  return std::move(out).finish(JN_OK);
}

Result<std::vector<Field>> takeIn(const IntakeFor& who, const std::vector<Field>& fields) {
  const Reception reception(who);
  FieldCollector out(reception.context);
  std::vector<jn_kv> options;
  for (const Field& field : fields) {
    options.clear();
    for (const auto& [value, label] : field.options) {
      options.push_back({viewOf(value), viewOf(label)});
    }
    const jn_field given = fieldOf(field, options);
    out.sink()->field(out.sink(), &given);
  }
  return std::move(out).finish(JN_OK);
}

Result<Hook> takeIn(const IntakeFor& who, const Hook& hook) {
  auto hooks = takeIn(who, std::vector<Hook>{hook});
  if (!hooks) return std::move(hooks).error();
  return std::move(hooks->front());
}

Result<std::vector<Hook>> takeIn(const IntakeFor& who, const std::vector<Hook>& hooks) {
  const Reception reception(who);
  HookCollector out(reception.context, false);
  for (const Hook& hook : hooks) {
    const jn_hook given = hookOf(hook);
    out.sink()->hook(out.sink(), &given);
  }
  return std::move(out).finish(JN_OK);
}

Result<PollResult> takeIn(const IntakeFor& who, const PollResult& page) {
  const Reception reception(who);
  PollCollector out(reception.context);
  for (const Event& event : page.events) {
    const jn_event given = eventOf(event);
    out.sink()->event(out.sink(), &given);
  }
  jn_poll_next next{sizeof next, page.more ? JN_POLL_MORE : 0, viewOf(page.cursor), 0};
  next.wait_ms = page.wait_ms > 0 ? static_cast<uint64_t>(page.wait_ms) : 0;
  out.sink()->next(out.sink(), &next);
  return std::move(out).finish(JN_OK);
}

Result<OauthParams> takeIn(const IntakeFor& who, const OauthParams& params) {
  const Reception reception(who);
  OauthCollector out(reception.context, OauthCollector::Wants::Params);
  for (const auto& [name, value] : params) {
    const jn_str key = viewOf(name), text = viewOf(value);
    out.sink()->param(out.sink(), &key, &text);
  }
  return std::move(out).params(JN_OK);
}

Result<OauthToken> takeIn(const IntakeFor& who, const OauthToken& token) {
  const Reception reception(who);
  OauthCollector out(reception.context, OauthCollector::Wants::Token);
  jn_oauth_token given{};
  given.struct_size = sizeof given;
  given.access_token = viewOf(token.access_token);
  given.refresh_token = viewOf(token.refresh_token);
  given.token_type = viewOf(token.token_type);
  given.scopes = viewOf(token.scopes);
  given.extra_json = viewOf(token.extra_json);
  given.expires_ms = token.expires_at_ms;
  out.sink()->token(out.sink(), &given);
  return std::move(out).token(JN_OK);
}

Result<OauthAccount> takeIn(const IntakeFor& who, const OauthAccount& account) {
  const Reception reception(who);
  OauthCollector out(reception.context, OauthCollector::Wants::Account);
  const jn_oauth_account given{sizeof given,
                               0,
                               viewOf(account.id),
                               viewOf(account.name),
                               viewOf(account.base_url),
                               viewOf(account.detail_json)};
  out.sink()->account(out.sink(), &given);
  return std::move(out).account(JN_OK);
}

void takeIn(const CallRecord& told, CallRecord& out) {
  out.http_status = told.http_status > 0 && told.http_status < 1000 ? told.http_status : 0;
  out.provider_code = oneLine(told.provider_code, 64);
  const std::string& detail = told.detail_json;
  const bool keeps = detail.size() <= limits::kConnectorTextBytesMax && checkJson(detail);
  out.detail_json = keeps ? detail : std::string();
}

}  // namespace junctor::plugin
