#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "app/version.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/json_value.h"
#include "base/limits.h"

namespace junctor::app {
namespace {

// One line of the report each: "ok", "warning" or "failed".
class Report {
 public:
  void add(const std::string& state, const std::string& what, const std::string& detail) {
    lines_.push_back({{"state", state}, {"check", what}, {"detail", detail}});
    failed_ = failed_ || state == "failed";
  }
  int print(bool json) const {
    if (json) {
      printJson({{"ok", !failed_}, {"items", lines_}});
    } else {
      Table table({"STATE", "CHECK", "DETAIL"});
      for (const Json& line : lines_) {
        table.row({cell(line, "state"), cell(line, "check"), cell(line, "detail")},
                  colourOf(cell(line, "state")));
      }
      table.print();
    }
    return failed_ ? kExitFinding : kExitOk;
  }

 private:
  Json lines_ = Json::array();
  bool failed_ = false;
};

void checkConfig(const CliContext& context, Report& report) {
  config::Problems problems;
  (void)config::loadServerConfig(context.config_file, context.environment, context.settings,
                                 problems);
  for (const config::Problem& problem : problems) {
    report.add("failed", "configuration", config::format(problem));
  }
  if (problems.empty()) {
    report.add("ok", "configuration",
               context.config_file.empty() ? "defaults and environment" : context.config_file);
  }
}

void checkSpace(const CliContext& context, Report& report) {
  const auto free = freeBytes(context.data_dir);
  if (!free) {
    report.add("warning", "data directory", free.error().message);
    return;
  }
  const std::string detail =
      fmt::format("{}: {} MiB free", absolutePath(context.data_dir), *free / (1024 * 1024));
  report.add(*free < 2 * limits::kLowSpaceBytes ? "warning" : "ok", "data directory", detail);
}

Result<void> checkReadiness(AdminClient& client, Report& report) {
  net::OutboundRequest request;
  request.method = "GET";
  request.url = client.url() + "/readyz";
  request.pool = "cli";
  request.allow_private = true;
  JUNCTOR_TRY(const auto response, fetch(client.http(), std::move(request)));
  JUNCTOR_TRY(const Json answer, parseJson(response.body));
  for (const Json& check : answer.value("checks", Json::array())) {
    report.add(check.value("ok", false) ? "ok" : "failed", cell(check, "name"),
               cell(check, "detail"));
  }
  return {};
}

Result<void> checkTenant(AdminClient& client, const std::string& tenant, Report& report) {
  const std::string base = "/v1/tenants/" + percentEncode(tenant);
  JUNCTOR_TRY(const Json destinations, client.get(base + "/destinations"));
  for (const Json& destination : destinations.at("data")) {
    const std::string problem = cell(destination, "problem");
    if (problem.empty()) continue;
    report.add("failed", tenant,
               "deliveries to " + cell(destination, "name") + " wait: " + problem);
  }
  JUNCTOR_TRY(const Json integrations, client.get(base + "/integrations"));
  for (const Json& integration : integrations.at("data")) {
    if (const std::string problem = cell(integration, "problem"); !problem.empty()) {
      report.add("failed", tenant,
                 "integration " + cell(integration, "id") +
                     (problem.starts_with("in error") ? " is " : " answers 503: ") + problem);
    }
    if (!integration.value("unsigned", false)) continue;
    report.add("warning", tenant,
               "integration " + cell(integration, "id") + " takes requests without a signature");
  }
  JUNCTOR_TRY(const Json counts, client.get(base + "/ledger"));
  if (!counts.value("balanced", false)) {
    report.add("failed", tenant, "the ledger does not balance: " + cell(counts, "problem"));
  }
  const int64_t dead = counts.value("dead", int64_t{0});
  const int64_t waiting = counts.value("waiting", int64_t{0});
  report.add(dead > 0 || waiting > 0 ? "failed" : "ok", tenant,
             fmt::format("{} requests, {} pending, {} waiting, {} delivered, {} dead",
                         cell(counts, "requests"), cell(counts, "pending"), waiting,
                         cell(counts, "delivered"), dead));
  return {};
}

Result<void> checkServer(const CliContext& context, Report& report) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const Json system, client.get("/v1/system"));
  report.add("ok", "server",
             fmt::format("version {} at {}, webhooks at {}", cell(system, "version"), client.url(),
                         cell(system, "public_address")));
  if (cell(system, "version") != kVersion) {
    report.add("warning", "version", std::string("this command line is ") + kVersion);
  }
  JUNCTOR_CHECK(checkReadiness(client, report));
  JUNCTOR_TRY(const Json connectors, client.get("/v1/connectors"));
  for (const Json& connector : connectors.value("data", Json::array())) {
    const std::string where = cell(connector, "runs_in");
    if (where.empty() || where == "in-process") continue;
    const bool quarantined = where.starts_with("quarantined");
    const bool weak =
        where.find("no seccomp") != where.npos || where.find("no landlock") != where.npos;
    report.add(quarantined ? "failed" : weak ? "warning" : "ok", cell(connector, "id"), where);
  }
  for (const Json& refused : connectors.value("refused", Json::array())) {
    report.add("warning", "connectors",
               cell(refused, "path") + " refused: " + cell(refused, "reason"));
  }
  JUNCTOR_TRY(const auto tenants, client.tenants());
  if (tenants.empty()) report.add("warning", "tenants", "none: junctor apply -f FOLDER");
  for (const std::string& tenant : tenants) JUNCTOR_CHECK(checkTenant(client, tenant, report));
  return {};
}

}  // namespace

Result<int> doctor(const CliContext& context) {
  Report report;
  checkConfig(context, report);
  if (context.server.empty()) checkSpace(context, report);
  if (const auto checked = checkServer(context, report); !checked) {
    report.add("failed", "server", checked.error().message);
  }
  return report.print(context.json);
}

Result<int> version(const CliContext& context) {
  if (context.json) {
    printJson({{"version", kVersion}});
  } else {
    print(std::string("junctor ") + kVersion);
  }
  return kExitOk;
}

}  // namespace junctor::app
