// What an instance answers for interfaces that its connector does not offer.
#include "plugin/connector.h"
#include "plugin/verdict.h"

namespace junctor::plugin {

Result<void> Instance::verify(const RawRequest&, JsonView, const std::vector<std::string>&) {
  return notOffered("webhook verify");
}
Result<ActionResult> Instance::execute(const ActionRequest&, const CallOptions&) {
  return notOffered("actions");
}
Result<std::vector<Field>> Instance::listFields(const std::string&, const CallOptions&) {
  return notOffered("fields");
}
Result<Hook> Instance::subscribe(const HookRequest&, const CallOptions&) {
  return notOffered("hooks");
}
Result<void> Instance::unsubscribe(const std::string&, const CallOptions&) {
  return notOffered("hooks");
}
Result<Hook> Instance::renew(const Hook&, const CallOptions&) {
  return notOffered("hooks renew");
}
Result<std::vector<Hook>> Instance::listHooks(const CallOptions&) {
  return notOffered("hooks");
}
Result<PollResult> Instance::poll(const PollRequest&, const CallOptions&) {
  return notOffered("poll");
}
Result<OauthParams> Instance::authorizeParams(const OauthStart&, const CallOptions&) {
  return notOffered("oauth authorize_params");
}
Result<OauthToken> Instance::parseToken(int, const std::string&, const CallOptions&) {
  return notOffered("oauth parse_token");
}
Result<OauthToken> Instance::refreshToken(const OauthToken&, const CallOptions&) {
  return notOffered("oauth refresh");
}
Result<OauthAccount> Instance::identify(const CallOptions&) {
  return notOffered("oauth identify");
}
Result<void> Instance::test(const std::string&, const CallOptions&) {
  return notOffered("a connection test");
}

}  // namespace junctor::plugin
