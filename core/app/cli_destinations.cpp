// junctor destination list | pause | resume
#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "base/bytes.h"
#include "base/json_value.h"

namespace junctor::app {
namespace {

Result<std::string> baseOf(AdminClient& client) {
  JUNCTOR_TRY(const std::string tenant, client.tenant());
  return "/v1/tenants/" + percentEncode(tenant) + "/destinations";
}

std::string limitsOf(const Json& destination) {
  const std::string rate = cell(destination, "rate_limit");
  return cell(destination, "concurrency_now") + " of " + cell(destination, "concurrency_max") +
         (rate.empty() ? "" : ", " + rate);
}

}  // namespace

Result<int> destinationList(const CliContext& context) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string base, baseOf(client));
  JUNCTOR_TRY(const Json answer, client.get(base));
  if (context.json) {
    printJson({{"items", answer.at("data")}});
    return kExitOk;
  }
  Table table({"NAME", "TYPE", "STATE", "IN FLIGHT", "AT ONCE", "URL", "PROBLEM"});
  for (const Json& destination : answer.at("data")) {
    table.row({cell(destination, "name"), cell(destination, "type"), cell(destination, "state"),
               cell(destination, "in_flight"), limitsOf(destination),
               clipped(cell(destination, "url"), 60), clipped(cell(destination, "problem"), 80)});
  }
  table.print();
  return kExitOk;
}

Result<int> destinationPause(const CliContext& context, const std::string& name, bool pause) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string base, baseOf(client));
  const std::string target = base + "/" + percentEncode(name) + (pause ? "/pause" : "/resume");
  JUNCTOR_TRY(const Json answer, client.post(target, Json::object()));
  if (context.json) {
    printJson(answer);
  } else {
    print(cell(answer, "name") + " is " + cell(answer, "state"));
  }
  return kExitOk;
}

}  // namespace junctor::app
