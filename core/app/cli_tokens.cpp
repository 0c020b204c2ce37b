#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "base/bytes.h"
#include "base/json_value.h"

namespace junctor::app {

// The token alone goes to stdout, so that TOKEN=$(junctor token create) works.
Result<int> tokenCreate(const CliContext& context, const TokenOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  Json body = {{"role", options.role}};
  if (!context.tenant.empty()) body["tenant"] = context.tenant;
  if (!options.expires.empty()) body["expires_at"] = options.expires;
  JUNCTOR_TRY(const Json token, client.post("/v1/tokens", body));
  if (context.json) {
    printJson(token);
    return kExitOk;
  }
  print(cell(token, "token"));
  const std::string tenant = cell(token, "tenant");
  talk(fmt::format("{}: {} of {}; it is shown only now", cell(token, "id"), cell(token, "role"),
                   tenant.empty() ? "all tenants" : "tenant " + tenant));
  return kExitOk;
}

Result<int> tokenList(const CliContext& context) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const Json answer, client.get("/v1/tokens"));
  if (context.json) {
    printJson({{"items", answer.at("data")}});
    return kExitOk;
  }
  Table table({"TOKEN", "ROLE", "TENANT", "CREATED", "EXPIRES"});
  for (const Json& token : answer.at("data")) {
    const std::string tenant = cell(token, "tenant"), expires = cell(token, "expires_at");
    table.row({cell(token, "id"), cell(token, "role"), tenant.empty() ? "(all)" : tenant,
               shortTime(cell(token, "created_at")),
               expires.empty() ? "never" : shortTime(expires)});
  }
  table.print();
  if (table.size() == 0) talk("no tokens; the command line on this host needs none");
  return kExitOk;
}

Result<int> tokenRevoke(const CliContext& context, const TokenOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const Json answer, client.remove("/v1/tokens/" + percentEncode(options.id)));
  if (context.json) {
    printJson({{"id", options.id}, {"revoked", answer.is_object()}});
  } else {
    print(options.id + " revoked");
  }
  return kExitOk;
}

}  // namespace junctor::app
