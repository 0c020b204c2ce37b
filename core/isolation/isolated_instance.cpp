#include "isolation/isolated_instance.h"

#include <junctor/junctor.h>

#include <algorithm>

#include "base/limits.h"
#include "isolation/messages.h"
#include "plugin/verdict.h"

namespace junctor::isolation {

Error asItsOwn(Error error, const std::string& id) {
  const std::string prefix = id + ": ";
  const bool not_offered = error.code == ErrorCode::Unimplemented &&
                           error.message.starts_with("the connector does not offer ");
  if (!not_offered && !error.message.starts_with(prefix)) error.message = prefix + error.message;
  return error;
}

void IsolatedInstance::begin(const RawRequest& request) {
  auto begun = ward_->begin(spec_, cpuOnly(), packHandle(Method::Handle, spec_->id, request));
  begun_.emplace_back(&request, std::move(begun));
}

Result<plugin::HandleResult> IsolatedInstance::handle(const RawRequest& request, JsonView) {
  auto begun = takeBegun(request);
  if (!begun) return webhook(Method::Handle, request, connector_->pickUp(request.id));
  const bool answered = begun->call && begun->child->answersSoon(begun->call) &&
                        begun->call->state == ChildCall::State::Answered;
  if (answered || (!begun->call && ward_->refusesNow())) {
    return webhook(Method::Handle, request, std::move(*begun));
  }
  if (begun->call) connector_->leave(request.id, std::move(*begun));
  return plugin::busyError(manifest().id);
}

void IsolatedInstance::putOff(const RawRequest& request) {
  auto begun = takeBegun(request);
  if (begun && begun->call) connector_->leave(request.id, std::move(*begun));
}

Result<plugin::HandleResult> IsolatedInstance::answer(const RawRequest& request, JsonView) {
  return webhook(Method::Answer, request, {});
}

Result<void> IsolatedInstance::verify(const RawRequest& request, JsonView body,
                                      const std::vector<std::string>& secrets) {
  if (!manifest().offers(JN_WEBHOOK_ID)) return Instance::verify(request, body, secrets);
  CallTerms terms = cpuOnly();
  terms.secrets = &secrets;
  const auto pack = [&] { return packHandle(Method::Verify, spec_->id, request); };
  JUNCTOR_TRY(const std::string payload, done(ward_->run(spec_, terms, pack, {})));
  Unpacker in(payload);
  auto verified = readResult<void>(in);
  if (!verified) return asItsOwn(std::move(verified).error(), manifest().id);
  return {};
}

Result<plugin::HandleResult> IsolatedInstance::webhook(Method method, const RawRequest& request,
                                                       Ward::Begun begun) {
  const std::string& id = manifest().id;
  if (!manifest().offers(JN_WEBHOOK_ID)) {
    return makeError(ErrorCode::Unimplemented, "the connector does not offer webhooks");
  }
  const auto pack = [&] { return packHandle(method, spec_->id, request); };
  JUNCTOR_TRY(const std::string payload,
              done(ward_->run(spec_, cpuOnly(), pack, std::move(begun))));
  Unpacker in(payload);
  auto given = readResult<plugin::HandleResult>(in);
  if (!given) return asItsOwn(std::move(given).error(), id);
  if (method == Method::Handle) given->reply.reset();
  return plugin::takeIn({id, connector_->clock()}, *given);
}

// Calls begun before this one are handled or given up.
std::optional<Ward::Begun> IsolatedInstance::takeBegun(const RawRequest& request) {
  while (!begun_.empty()) {
    auto [announced, begun] = std::move(begun_.front());
    begun_.pop_front();
    if (announced == &request) return std::move(begun);
  }
  return std::nullopt;
}

Result<std::string> IsolatedInstance::done(Result<Ward::Answers> answers) const {
  if (!answers) return std::move(answers).error();
  if (!answers->created.empty()) {
    Unpacker in(answers->created);
    if (auto refused = readError(in)) return asItsOwn(std::move(*refused), manifest().id);
  }
  return std::move(answers->done);
}

CallTerms IsolatedInstance::cpuOnly() const {
  CallTerms terms;
  terms.budget_ms = spec_->grants.budget().handle_ms;
  return terms;
}

template <class T, class... Args>
Result<T> IsolatedInstance::call(Method method, const plugin::CallOptions& options, bool no_io,
                                 const Args&... args) {
  plugin::CallRecord own;
  CallTerms terms = cpuOnly();
  terms.no_io = no_io;
  if (!no_io) terms.budget_ms = spec_->grants.budget().action_ms;
  if (options.budget_ms > 0) terms.budget_ms = std::min(terms.budget_ms, options.budget_ms);
  terms.dry_run = options.dry_run;
  terms.cancelled = options.cancelled;
  terms.record = options.record ? options.record : &own;
  const auto pack = [&] { return packCall(method, spec_->id, options, args...); };
  const auto lane = no_io ? Result<IsolatedConnector::Lane>(IsolatedConnector::Lane(ward_))
                          : connector_->takeLane(spec_->tenant, terms);
  if (!lane) return lane.error();
  JUNCTOR_TRY(const std::string payload, done(lane->ward()->run(spec_, terms, pack, {})));
  auto result = readOutcome<T>(payload, {manifest().id, connector_->clock()}, *terms.record);
  if (result) return result;
  return asItsOwn(std::move(result).error(), manifest().id);
}

Result<plugin::ActionResult> IsolatedInstance::execute(const plugin::ActionRequest& action,
                                                       const plugin::CallOptions& options) {
  if (!manifest().offers(JN_ACTIONS_ID)) return Instance::execute(action, options);
  return call<plugin::ActionResult>(Method::Execute, options, false, action);
}

Result<std::vector<plugin::Field>> IsolatedInstance::listFields(
    const std::string& object, const plugin::CallOptions& options) {
  if (!manifest().offers(JN_FIELDS_ID)) return Instance::listFields(object, options);
  return call<std::vector<plugin::Field>>(Method::ListFields, options, false, object);
}

Result<plugin::Hook> IsolatedInstance::subscribe(const plugin::HookRequest& request,
                                                 const plugin::CallOptions& options) {
  if (!manifest().offers(JN_HOOKS_ID)) return Instance::subscribe(request, options);
  return call<plugin::Hook>(Method::Subscribe, options, false, request);
}

Result<void> IsolatedInstance::unsubscribe(const std::string& hook_id,
                                           const plugin::CallOptions& options) {
  if (!manifest().offers(JN_HOOKS_ID)) return Instance::unsubscribe(hook_id, options);
  return call<void>(Method::Unsubscribe, options, false, hook_id);
}

Result<plugin::Hook> IsolatedInstance::renew(const plugin::Hook& hook,
                                             const plugin::CallOptions& options) {
  if (!manifest().offers(JN_HOOKS_ID)) return Instance::renew(hook, options);
  return call<plugin::Hook>(Method::Renew, options, false, hook);
}

Result<std::vector<plugin::Hook>> IsolatedInstance::listHooks(const plugin::CallOptions& options) {
  if (!manifest().offers(JN_HOOKS_ID)) return Instance::listHooks(options);
  return call<std::vector<plugin::Hook>>(Method::ListHooks, options, false);
}

Result<plugin::PollResult> IsolatedInstance::poll(const plugin::PollRequest& request,
                                                  const plugin::CallOptions& options) {
  if (!manifest().offers(JN_POLL_ID)) return Instance::poll(request, options);
  return call<plugin::PollResult>(Method::Poll, options, false, request);
}

Result<plugin::OauthParams> IsolatedInstance::authorizeParams(const plugin::OauthStart& start,
                                                              const plugin::CallOptions& options) {
  if (!manifest().offers(JN_OAUTH_ID)) return Instance::authorizeParams(start, options);
  return call<plugin::OauthParams>(Method::AuthorizeParams, options, true, start);
}

Result<plugin::OauthToken> IsolatedInstance::parseToken(int http_status, const std::string& body,
                                                        const plugin::CallOptions& options) {
  if (!manifest().offers(JN_OAUTH_ID)) return Instance::parseToken(http_status, body, options);
  return call<plugin::OauthToken>(Method::ParseToken, options, true, http_status, body);
}

Result<plugin::OauthToken> IsolatedInstance::refreshToken(const plugin::OauthToken& old,
                                                          const plugin::CallOptions& options) {
  if (!manifest().offers(JN_OAUTH_ID)) return Instance::refreshToken(old, options);
  return call<plugin::OauthToken>(Method::RefreshToken, options, false, old);
}

Result<plugin::OauthAccount> IsolatedInstance::identify(const plugin::CallOptions& options) {
  if (!manifest().offers(JN_OAUTH_ID)) return Instance::identify(options);
  return call<plugin::OauthAccount>(Method::Identify, options, false);
}

Result<void> IsolatedInstance::test(const std::string& params_json,
                                    const plugin::CallOptions& options) {
  return call<void>(Method::Test, options, false, params_json);
}

}  // namespace junctor::isolation
