#include "net/mail.h"

#include "wire/parts.h"

namespace junctor::wire {

Result<net::OutboundResponse> mailExchange(const Parts& parts) {
  const auto json = parseJson(parts.body);
  if (!json || !json->is_object()) return invalidArgument("the body must be an object");
  net::Mail mail;
  mail.host = parts.host;
  mail.port = parts.port;
  mail.tls = parts.scheme == "smtps";
  mail.user = parts.user;
  mail.password = parts.password;
  mail.from = json->value("from", std::string());
  mail.message = json->value("message", std::string());
  for (const Json& to : json->value("to", Json::array())) {
    if (to.is_string()) mail.to.push_back(to.get<std::string>());
  }
  auto sent = net::sendMail(mail, parts.limits, *parts.clock);
  if (!sent && sent.error().code == ErrorCode::Unauthenticated) {
    return refusal(401, "auth", sent.error().message);
  }
  if (!sent) return sent.error();
  if (sent->code < 400) return answer(200, {{"accepted", true}});
  return refusal(sent->code >= 500 ? 422 : 503, std::to_string(sent->code),
                 "the server does not take the mail");
}

}  // namespace junctor::wire
