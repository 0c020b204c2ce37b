#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "app/cli_replays.h"
#include "base/bytes.h"
#include "base/json_value.h"

namespace junctor::app {
namespace {

Result<int> causesList(const CliContext& context, AdminClient& client, const std::string& base) {
  JUNCTOR_TRY(const Json answer, client.get(base + "/dead-letters/causes"));
  if (context.json) {
    printJson({{"items", answer.at("data")}});
    return kExitOk;
  }
  Table table({"FINGERPRINT", "COUNT", "DESTINATION", "NEWEST", "REASON"});
  for (const Json& cause : answer.at("data")) {
    table.row({cell(cause, "fingerprint"), cell(cause, "count"), cell(cause, "destination"),
               shortTime(cell(cause, "newest_at")), clipped(cell(cause, "reason"), 100)});
  }
  table.print();
  if (answer.at("data").empty()) talk("no dead letters");
  return kExitOk;
}

}  // namespace

Result<int> deadLettersList(const CliContext& context, const DeadLetterOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string tenant, client.tenant());
  if (options.limit < 1) return invalidArgument("--limit must be at least 1");
  if (options.causes) return causesList(context, client, "/v1/tenants/" + percentEncode(tenant));
  const std::string target = "/v1/tenants/" + percentEncode(tenant) + "/dead-letters" +
                             queryOf({{"destination", options.destination},
                                      {"event", options.event},
                                      {"fingerprint", options.fingerprint}});
  JUNCTOR_TRY(const auto dead, client.list(target, static_cast<size_t>(options.limit)));
  if (context.json) {
    printJson({{"items", dead}});
    return kExitOk;
  }
  Table table({"DELIVERY", "EVENT", "DESTINATION", "TRIES", "CREATED", "FINGERPRINT", "REASON"});
  for (const Json& delivery : dead) {
    table.row({cell(delivery, "id"), cell(delivery, "event_id"), cell(delivery, "destination"),
               cell(delivery, "attempts"), shortTime(cell(delivery, "created_at")),
               cell(delivery, "fingerprint"), clipped(cell(delivery, "reason"), 100)});
  }
  table.print();
  if (dead.empty()) talk("no dead letters");
  return kExitOk;
}

Result<int> deadLettersReplay(const CliContext& context, const DeadLetterOptions& options) {
  const int ways = static_cast<int>(!options.ids.empty()) + static_cast<int>(options.all) +
                   static_cast<int>(!options.destination.empty()) +
                   static_cast<int>(!options.fingerprint.empty());
  if (ways != 1) {
    return invalidArgument("name delivery ids, --destination NAME, --fingerprint HEX or --all");
  }
  if (!options.fingerprint.empty() || options.rate > 0) {
    ReplayOptions replay;
    replay.dead_letters = true;
    replay.fingerprint = options.fingerprint;
    replay.destination = options.destination;
    replay.rate = options.rate;
    if (!options.ids.empty()) return invalidArgument("--rate is not for single deliveries");
    return replayCreate(context, replay);
  }
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
