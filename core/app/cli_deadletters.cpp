#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "base/bytes.h"
#include "base/json_value.h"

namespace junctor::app {

Result<int> deadLettersList(const CliContext& context, const DeadLetterOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string tenant, client.tenant());
  if (options.limit < 1) return invalidArgument("--limit must be at least 1");
  const std::string target =
      "/v1/tenants/" + percentEncode(tenant) + "/dead-letters" +
      queryOf({{"destination", options.destination}, {"event", options.event}});
  JUNCTOR_TRY(const auto dead, client.list(target, static_cast<size_t>(options.limit)));
  if (context.json) {
    printJson({{"items", dead}});
    return kExitOk;
  }
  Table table({"DELIVERY", "EVENT", "DESTINATION", "TRIES", "CREATED", "REASON"});
  for (const Json& delivery : dead) {
    table.row({cell(delivery, "id"), cell(delivery, "event_id"), cell(delivery, "destination"),
               cell(delivery, "attempts"), shortTime(cell(delivery, "created_at")),
               clipped(cell(delivery, "reason"), 100)});
  }
  table.print();
  if (dead.empty()) talk("no dead letters");
  return kExitOk;
}

Result<int> deadLettersReplay(const CliContext& context, const DeadLetterOptions& options) {
  const int ways = static_cast<int>(!options.ids.empty()) + static_cast<int>(options.all) +
                   static_cast<int>(!options.destination.empty());
  if (ways != 1) return invalidArgument("name delivery ids, or --destination NAME, or --all");
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  std::string base;
  Json body = Json::object();
  if (!options.ids.empty()) {
    JUNCTOR_TRY(base, client.owner("deliveries", options.ids.front()));
    body["ids"] = options.ids;
  } else {
    JUNCTOR_TRY(const std::string tenant, client.tenant());
    base = "/v1/tenants/" + percentEncode(tenant);
    if (options.all)
      body["all"] = true;
    else
      body["destination"] = options.destination;
  }
  JUNCTOR_TRY(const Json answer, client.post(base + "/dead-letters/replay", body));
  if (context.json) {
    printJson(answer);
  } else {
    print(fmt::format("{} replayed", answer.value("replayed", int64_t{0})));
  }
  for (const Json& failed : answer.at("failed")) {
    talk(visible(cell(failed, "id") + ": " + cell(failed, "detail")));
  }
  if (answer.value("has_more", false)) talk("there are more: run it again");
  return answer.at("failed").empty() ? kExitOk : kExitFinding;
}

Result<int> deadLettersDiscard(const CliContext& context, const DeadLetterOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  Json body = Json::object();
  if (!options.reason.empty()) body["reason"] = options.reason;
  Json discarded = Json::array();
  for (const std::string& id : options.ids) {
    JUNCTOR_TRY(const std::string base, client.owner("deliveries", id));
    JUNCTOR_TRY(Json answer,
                client.post(base + "/deliveries/" + percentEncode(id) + "/discard", body));
    if (!context.json) print(id + " " + cell(answer, "state"));
    discarded.push_back(std::move(answer));
  }
  if (context.json) printJson({{"items", discarded}});
  return kExitOk;
}

}  // namespace junctor::app
