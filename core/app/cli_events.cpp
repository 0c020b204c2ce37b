#include <poll.h>

#include <algorithm>
#include <set>

#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "base/bytes.h"
#include "base/json_value.h"

namespace junctor::app {
namespace {

constexpr int kTailPauseMs = 500;
constexpr size_t kTailPage = 250;

std::string targetOf(const std::string& tenant, const EventFilter& filter) {
  return "/v1/tenants/" + percentEncode(tenant) + "/events" +
         queryOf({{"type", filter.type},
                  {"integration", filter.integration},
                  {"source", filter.source},
                  {"since", filter.since},
                  {"until", filter.until}});
}

std::string resourceOf(const Json& event) {
  const Json resource = event.value("resource", Json::object());
  const std::string type = cell(resource, "type"), id = cell(resource, "id");
  return type.empty() ? id : type + "/" + id;
}

std::string lineOf(const Json& event) {
  return visible(fmt::format("{}  {}  {:<28} {:<24} {}", shortTime(cell(event, "received_at")),
                             cell(event, "id"), cell(event, "type"), cell(event, "integration"),
                             resourceOf(event)));
}

void showFields(const Json& event) {
  for (const char* key : {"id", "type", "source", "tenant", "integration", "source_event_id",
                          "occurred_at", "received_at", "actor"}) {
    const std::string value = cell(event, key);
    if (!value.empty()) print(fmt::format("{:<16} {}", key, visible(clipped(value, 200))));
  }
  const std::string resource = resourceOf(event);
  if (!resource.empty()) print(fmt::format("{:<16} {}", "resource", visible(resource)));
  for (const char* key : {"data", "payload"}) {
    const std::string value = cell(event, key);
    if (!value.empty()) print(fmt::format("{:<16} {}", key, visible(clipped(value, 200))));
  }
}

void showSteps(const Json& deliveries) {
  Table steps({"STEP OF", "KEY", "KIND", "TARGET", "STATE", "TRIES", "MS", "ANSWER"});
  for (const Json& delivery : deliveries) {
    for (const Json& step : delivery.value("steps", Json::array())) {
      const std::string error = cell(step, "error");
      steps.row({cell(delivery, "id"), cell(step, "key"), cell(step, "kind"), cell(step, "target"),
                 cell(step, "state"), cell(step, "tries"), cell(step, "ms"),
                 clipped(error.empty() ? cell(step, "result") : error, 60)},
                colourOf(cell(step, "state")));
    }
  }
  if (steps.size() == 0) return;
  print("");
  steps.print();
}

void showDeliveries(const Json& deliveries) {
  Table table({"DELIVERY", "DESTINATION", "ROUTE", "STATE", "TRIES", "NEXT", "REASON"});
  for (const Json& delivery : deliveries) {
    table.row({cell(delivery, "id"), cell(delivery, "destination"), cell(delivery, "route"),
               cell(delivery, "state"), cell(delivery, "attempts"),
               shortTime(cell(delivery, "next_at")), clipped(cell(delivery, "reason"), 80)},
              colourOf(cell(delivery, "state")));
  }
  table.print();
  Table attempts({"ATTEMPT OF", "NO", "AT", "OUTCOME", "STATUS", "MS", "ERROR"});
  for (const Json& delivery : deliveries) {
    for (const Json& attempt : delivery.value("attempt_log", Json::array())) {
      attempts.row({cell(delivery, "id"), cell(attempt, "number"),
                    shortTime(cell(attempt, "started_at")), cell(attempt, "outcome"),
                    cell(attempt, "status"),
                    fmt::format("{:.1f}", attempt.value("latency_us", 0.0) / 1000),
                    clipped(cell(attempt, "error"), 80)});
    }
  }
  if (attempts.size() > 0) print("");
  attempts.print();
  showSteps(deliveries);
}

}  // namespace

Result<int> eventsList(const CliContext& context, const EventFilter& filter) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string tenant, client.tenant());
  if (filter.limit < 1) return invalidArgument("--limit must be at least 1");
  JUNCTOR_TRY(const auto events,
              client.list(targetOf(tenant, filter), static_cast<size_t>(filter.limit)));
  if (context.json) {
    printJson({{"items", events}});
    return kExitOk;
  }
  Table table({"RECEIVED", "EVENT", "TYPE", "INTEGRATION", "RESOURCE"});
  for (const Json& event : events) {
    table.row({shortTime(cell(event, "received_at")), cell(event, "id"), cell(event, "type"),
               cell(event, "integration"), clipped(resourceOf(event), 60)});
  }
  table.print();
  if (events.empty()) talk("no events");
  return kExitOk;
}

Result<int> eventsShow(const CliContext& context, const std::string& id) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string owner, client.owner("events", id));
  JUNCTOR_TRY(const Json event, client.get(owner + "/events/" + percentEncode(id)));
  if (context.json) {
    printJson(event);
    return kExitOk;
  }
  showFields(event);
  print("");
  showDeliveries(event.at("deliveries"));
  return kExitOk;
}

// Polls: what is new since the page before, oldest first. Ends when it is interrupted.
Result<int> eventsTail(const CliContext& context, const EventFilter& filter) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string tenant, client.tenant());
  std::string last;  // ids rise with time, so the greatest one seen is the mark
  size_t page = static_cast<size_t>(std::max(filter.limit, 1));
  for (;;) {
    JUNCTOR_TRY(auto events, client.list(targetOf(tenant, filter), page));
    std::reverse(events.begin(), events.end());
    for (const Json& event : events) {
      const std::string id = cell(event, "id");
      if (id <= last) continue;
      last = id;
      if (context.json) {
        printJsonLine(event);
      } else {
        print(lineOf(event));
      }
    }
    page = kTailPage;
    ::poll(nullptr, 0, kTailPauseMs);
  }
}

Result<int> eventsReplay(const CliContext& context, const std::vector<std::string>& ids) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  Json replayed = Json::array();
  for (const std::string& id : ids) {
    JUNCTOR_TRY(const std::string owner, client.owner("events", id));
    JUNCTOR_TRY(const Json answer,
                client.post(owner + "/events/" + percentEncode(id) + "/replay", Json::object()));
    replayed.push_back(answer);
    if (context.json) continue;
    for (const Json& delivery : answer.at("delivery_ids")) {
      print(id + " -> " + delivery.get<std::string>());
    }
    if (answer.at("delivery_ids").empty()) talk(id + ": no delivery was made");
  }
  if (context.json) printJson({{"items", replayed}});
  return kExitOk;
}

Result<int> ledger(const CliContext& context) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const auto tenants, client.tenants());
  static const std::vector<const char*> kCounts = {"requests", "inbox",   "events",   "accepted",
                                                   "pending",  "running", "waiting",  "delivered",
                                                   "filtered", "dead",    "discarded"};
  Json total = Json::object();
  for (const char* name : kCounts) total[name] = 0;
  Json rows = Json::array();
  bool balanced = true;
  for (const std::string& tenant : tenants) {
    JUNCTOR_TRY(Json counts, client.get("/v1/tenants/" + percentEncode(tenant) + "/ledger"));
    for (const char* name : kCounts) {
      total[name] = total.value(name, int64_t{0}) + counts.value(name, int64_t{0});
    }
    balanced = balanced && counts.value("balanced", false);
    counts["tenant"] = tenant;
    rows.push_back(std::move(counts));
  }
  if (context.json) {
    total["tenants"] = std::move(rows);
    total["balanced"] = balanced;
    printJson(total);
    return balanced ? kExitOk : kExitFinding;
  }
  Table table({"TENANT", "REQUESTS", "INBOX", "EVENTS", "ACCEPTED", "= PENDING", "+ RUNNING",
               "+ WAITING", "+ DELIVERED", "+ FILTERED", "+ DEAD", "+ DISCARDED", "BALANCED"});
  for (const Json& row : rows) {
    std::vector<std::string> cells = {cell(row, "tenant")};
    for (const char* name : kCounts) cells.push_back(cell(row, name));
    cells.emplace_back(row.value("balanced", false) ? "yes" : "NO");
    table.row(std::move(cells), row.value("balanced", false) ? Paint::Plain : Paint::Red);
    if (const std::string problem = cell(row, "problem"); !problem.empty()) {
      talk(visible(cell(row, "tenant") + ": " + problem));
    }
  }
  table.print();
  return balanced ? kExitOk : kExitFinding;
}

// Of this hour, beside what is allowed.
Result<int> usage(const CliContext& context) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const auto tenants, client.tenants());
  Json rows = Json::array();
  for (const std::string& tenant : tenants) {
    const std::string base = "/v1/tenants/" + percentEncode(tenant);
    JUNCTOR_TRY(Json used, client.get(base + "/usage"));
    JUNCTOR_TRY(used["limits"], client.get(base + "/limits"));
    used["tenant"] = tenant;
    rows.push_back(std::move(used));
  }
  if (context.json) {
    printJson({{"items", rows}});
    return kExitOk;
  }
  const auto ofHard = [](const Json& row, const char* count, const char* cap) {
    const std::string hard = cell(row.at("limits").at(cap), "hard");
    return cell(row, count) + (hard.empty() ? "" : " of " + hard);
  };
  Table table({"TENANT", "EVENTS THIS HOUR", "DELIVERIES", "WEIGHT", "AT CAP"});
  for (const Json& row : rows) {
    const std::string capped = cell(row, "capped");
    table.row({cell(row, "tenant"), ofHard(row, "events", "events_per_hour"),
               ofHard(row, "deliveries", "deliveries_per_hour"), cell(row.at("limits"), "weight"),
               capped.empty() ? "" : capped + " until " + shortTime(cell(row, "capped_until"))},
              capped.empty() ? Paint::Plain : Paint::Yellow);
  }
  table.print();
  return kExitOk;
}

}  // namespace junctor::app
