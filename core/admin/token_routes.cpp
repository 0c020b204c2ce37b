#include <algorithm>

#include "admin/answers.h"
#include "admin/handlers.h"
#include "admin/query.h"
#include "admin/render.h"
#include "admin/tokens.h"
#include "base/json_value.h"

namespace junctor::admin {

Answered listTokens(Call& call) {
  JUNCTOR_TRY(const auto tokens, call.tokens.list());
  std::vector<std::string> items;
  for (const store::Token& token : tokens) {
    if (!call.caller.tenant.empty() && token.tenant != call.caller.tenant) continue;
    JsonWriter out;
    out.beginObject();
    writeToken(out, token);
    out.endObject();
    items.push_back(std::move(out).take());
  }
  return page(items);
}

// An owner of one tenant gives access to that tenant only.
Answered createToken(Call& call) {
  JUNCTOR_TRY(const Json body, bodyOf(call, {"role", "tenant", "expires_at"}));
  JUNCTOR_TRY(const std::string role_text, textOf(body, "role"));
  JUNCTOR_TRY(std::string tenant, textOf(body, "tenant"));
  JUNCTOR_TRY(const std::string expires, textOf(body, "expires_at"));
  const auto role = parseRole(role_text);
  if (!role) return invalidArgument("role must be owner, admin, operator, viewer or auditor");
  if (tenant.empty()) tenant = call.caller.tenant;
  if (!call.caller.reaches(tenant)) {
    return makeError(ErrorCode::PermissionDenied,
                     "the token gives access to tenant '" + call.caller.tenant + "' only");
  }
  if (!tenant.empty() && !call.services.catalog()->findTenant(tenant)) {
    return invalidArgument("there is no tenant '" + tenant + "'");
  }
  int64_t expires_at_ms = 0;
  if (!expires.empty()) {
    auto time = parseTime(expires);
    if (!time) return invalidArgument("expires_at " + time.error().message);
    if (*time <= call.services.clock().unixMs()) {
      return invalidArgument("expires_at lies in the past");
    }
    expires_at_ms = *time;
  }
  JUNCTOR_TRY(const NewToken made, call.tokens.create(*role, tenant, expires_at_ms));
  JsonWriter out;
  out.beginObject();
  writeToken(out, made.token);
  out.key("token").string(made.text).endObject();
  net::HttpResponse response = net::jsonResponse(201, std::move(out).take());
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Answered revokeToken(Call& call) {
  const std::string& id = call.path.at("k");
  JUNCTOR_TRY(const auto tokens, call.tokens.list());
  const auto found = std::find_if(tokens.begin(), tokens.end(),
                                  [&](const store::Token& token) { return token.id == id; });
  const bool own =
      found != tokens.end() && (call.caller.tenant.empty() || found->tenant == call.caller.tenant);
  if (!own) return notFound("there is no token '" + id + "'");
  JUNCTOR_CHECK(call.tokens.revoke(id));
  return net::HttpResponse{204, {}, ""};
}

}  // namespace junctor::admin
