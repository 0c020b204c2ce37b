#include "app/cli_check.h"
#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "app/connector_store.h"
#include "app/paths.h"
#include "app/server.h"
#include "base/files.h"
#include "base/json_value.h"
#include "base/log.h"
#include "net/http_server.h"
#include "plugin/connector.h"
#include "store/store.h"

namespace junctor::app {
namespace {

config::ServerConfig loadConfig(const CliContext& context, config::Problems& problems) {
  return config::loadServerConfig(context.config_file, context.environment, context.settings,
                                  problems);
}

// What a server would need to start, beyond what the text of its configuration says.
void checkTls(const config::ServerConfig& config, config::Problems& problems) {
  const std::string path = "listeners.public.tls.";
  if (config.tls_certificate.empty() || config.tls_key.empty()) return;  // told, if it is half
  bool readable = true;
  for (const auto& [key, file] :
       {std::pair<const char*, const std::string&>{"certificate", config.tls_certificate},
        {"key", config.tls_key}}) {
    if (const auto text = readFile(file); !text) {
      problems.push_back({"", 0, path + key, text.error().message});
      readable = false;
    }
  }
  if (!readable) return;
  const auto usable = net::checkTlsFiles({config.tls_certificate, config.tls_key});
  if (usable) return;
  const bool key = usable.error().message.find("private key") != std::string::npos;
  problems.push_back({"", 0, path + (key ? "key" : "certificate"), usable.error().message});
}

Json problemsJson(const config::Problems& problems) {
  Json list = Json::array();
  for (const config::Problem& problem : problems) {
    list.push_back({{"file", problem.file},
                    {"line", problem.line},
                    {"path", problem.path},
                    {"text", problem.text}});
  }
  return {{"ok", problems.empty()}, {"problems", std::move(list)}};
}

log::Level logLevelOf(const std::string& text) {
  if (text == "debug") return log::Level::Debug;
  if (text == "warn") return log::Level::Warn;
  if (text == "error") return log::Level::Error;
  return log::Level::Info;
}

std::vector<std::string> connectorIds(const Json& answer) {
  std::vector<std::string> ids;
  for (const Json& connector : answer.at("data")) ids.push_back(connector.value("id", ""));
  return ids;
}

// What is installed here; for checks without a server.
std::vector<std::string> connectorsHere(const config::ServerConfig& config) {
  std::vector<std::string> ids;
  const auto registry =
      plugin::loadConnectors(connectorFolders(config), plugin::openNothing(),
                             installedConnectors(config, systemClock()), plugin::openNothing());
  for (const auto& connector : registry->all()) ids.push_back(connector->manifest().id);
  return ids;
}

int badConfiguration(size_t count) {
  talk(fmt::format("{} {}", count, count == 1 ? "problem" : "problems"));
  return kExitConfig;
}

int refuseFolder(const CliContext& context, const config::Problems& problems) {
  if (context.json) {
    printJson(problemsJson(problems));
    return kExitConfig;
  }
  printProblems(problems);
  return badConfiguration(problems.size());
}

}  // namespace

Result<int> serve(const CliContext& context) {
  config::Problems problems;
  const config::ServerConfig config = loadConfig(context, problems);
  checkTls(config, problems);
  if (!problems.empty()) {
    printProblems(problems);
    return badConfiguration(problems.size());
  }
  log::configure(logLevelOf(config.log_level),
                 config.log_format == "json" ? log::Format::Json : log::Format::Text);
  return runServer(config);
}

Result<int> configCheck(const CliContext& context, const std::vector<std::string>& folders) {
  log::configure(log::Level::Error, log::Format::Text);
  config::Problems problems;
  const config::ServerConfig config = loadConfig(context, problems);
  checkTls(config, problems);
  const auto connectors = folders.empty() ? std::vector<std::string>() : connectorsHere(config);
  size_t tenants = 0;
  for (const std::string& folder : folders) {
    tenants += readTenants(folder, connectors, problems).size();
  }
  if (context.json) {
    printJson(problemsJson(problems));
    return problems.empty() ? kExitOk : kExitConfig;
  }
  printProblems(problems);
  if (!problems.empty()) return badConfiguration(problems.size());
  print(folders.empty() ? "ok: server configuration"
                        : fmt::format("ok: server configuration and {} tenant(s)", tenants));
  return kExitOk;
}

Result<int> configShow(const CliContext& context) {
  config::Problems problems;
  const config::ServerConfig config = loadConfig(context, problems);
  printProblems(problems);
  if (!problems.empty()) return badConfiguration(problems.size());
  const Json json = {
      {"data_dir", config.data_dir},
      {"listeners",
       {{"public",
         {{"address", config.public_address},
          {"tls", {{"certificate", config.tls_certificate}, {"key", config.tls_key}}}}},
        {"admin", {{"address", config.admin_address}}}}},
      {"store", store::withoutPassword(config.store)},
      {"connectors",
       {{"dirs", connectorFolders(config)},
        {"roots", config.connector_roots},
        {"run", config.connectors_run},
        {"per_tenant", config.connectors_per_tenant},
        {"sandbox", config.connectors_sandbox},
        {"dev", config.connectors_dev}}},
      {"log", {{"format", config.log_format}, {"level", config.log_level}}},
      {"workers", {{"flow", config.flow_workers}}},
      {"limits",
       {{"body_bytes", config.body_bytes_max},
        {"low_space_bytes", config.low_space_bytes},
        {"dedupe_window_hours", config.dedupe_window_hours}}},
      {"vault", {{"key_file", config.vault_key_file}}},
      {"process", {{"core_dumps", config.core_dumps}}}};
  if (context.json) {
    printJson(json);
    return kExitOk;
  }
  Table table({"SETTING", "VALUE"});
  const Json flat = json.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    std::string path = pointer.substr(1);
    for (char& c : path) c = c == '/' ? '.' : c;
    table.row({path, value.is_string() ? value.get<std::string>() : dumpJson(value)});
  }
  table.print();
  return kExitOk;
}

Result<int> applyTenants(const CliContext& context, const std::string& folder, bool dry_run) {
  // Local problems are worth telling even when no server answers.
  auto client = AdminClient::connect(context);
  auto known = client ? client->get("/v1/connectors") : Result<Json>(client.error());
  config::Problems problems;
  const auto tenants =
      readTenants(folder, known ? connectorIds(*known) : std::vector<std::string>(), problems);
  if (!problems.empty()) return refuseFolder(context, problems);
  if (!known) return known.error();

  Json body = {{"tenants", Json::array()}};
  for (const Tenant& tenant : tenants) body["tenants"].push_back(config::tenantToJson(tenant));
  auto report = client->post(dry_run ? "/v1/apply?dry_run=true" : "/v1/apply", body);
  if (!report) {
    if (client->problems().empty()) return report.error();
    for (const std::string& problem : client->problems()) problems.push_back({"", 0, "", problem});
    return refuseFolder(context, problems);
  }
  if (context.json) {
    printJson(*report);
    return kExitOk;
  }
  for (const Json& change : report->at("changes")) print(visible(change.get<std::string>()));
  if (report->at("changes").empty())
    talk("nothing to change");
  else if (dry_run)
    talk("dry run: nothing was changed");
  return kExitOk;
}

}  // namespace junctor::app
