#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "app/connector_store.h"
#include "app/paths.h"
#include "base/bytes.h"
#include "base/json_value.h"
#include "base/log.h"
#include "plugin/connector.h"

namespace junctor::app {
namespace {

Json samplesOf(const plugin::Manifest& manifest) {
  Json list = Json::array();
  for (const plugin::Sample& sample : manifest.samples) {
    list.push_back({{"event", sample.event}, {"file", sample.file}});
  }
  return list;
}

Json summaryOf(const plugin::Manifest& manifest) {
  return {{"id", manifest.id},
          {"name", manifest.name},
          {"version", manifest.version},
          {"license", manifest.license},
          {"summary", manifest.summary},
          {"events", manifest.events},
          {"capabilities", trust::toJson(manifest.capabilities)},
          {"samples", samplesOf(manifest)}};
}

// The running server's connectors; without one, those installed here.
Result<Json> allConnectors(const CliContext& context) {
  auto client = AdminClient::connect(context);
  if (client) {
    auto answer = client->get("/v1/connectors");
    if (answer || !context.server.empty()) return answer;
  } else if (!context.server.empty()) {
    return client.error();
  }
  log::configure(log::Level::Error, log::Format::Text);
  config::Problems ignored;
  const auto config =
      config::loadServerConfig(context.config_file, context.environment, context.settings, ignored);
  const auto registry =
      plugin::loadConnectors(connectorFolders(config), plugin::openNothing(),
                             installedConnectors(config, systemClock()), plugin::openNothing());
  Json answer = {{"data", Json::array()}, {"refused", Json::array()}};
  for (const auto& connector : registry->all()) {
    answer["data"].push_back(summaryOf(connector->manifest()));
  }
  for (const auto& [path, reason] : registry->refused()) {
    answer["refused"].push_back({{"path", path}, {"reason", reason}});
  }
  return answer;
}

// How far each connector is trusted here, as the install store of this host says. What the store
// does not know lies in a folder: the package's, or one that the configuration names.
void addTrust(const CliContext& context, Json& connectors) {
  if (!context.server.empty()) return;  // another host's store
  config::Problems ignored;
  const auto config =
      config::loadServerConfig(context.config_file, context.environment, context.settings, ignored);
  const auto installed = openConnectorStore(config, systemClock()).list();
  for (Json& connector : connectors) {
    connector["origin"] = config.connector_dirs.empty() ? "shipped" : "folder";
    connector["level"] = config.connector_dirs.empty() ? "core" : "unsigned";
    if (!installed) continue;
    for (const trust::Installed& entry : *installed) {
      if (entry.id != cell(connector, "id")) continue;
      connector["origin"] = "installed";
      connector["level"] = trust::toString(entry.active().level);
      connector["publisher"] = entry.active().publisher;
      connector["capabilities"] = trust::toJson(entry.active().accepted);
    }
  }
}

}  // namespace

Result<int> connectorList(const CliContext& context) {
  JUNCTOR_TRY(Json answer, allConnectors(context));
  addTrust(context, answer.at("data"));
  const Json refused = answer.value("refused", Json::array());
  if (context.json) {
    printJson({{"items", answer.at("data")}, {"refused", refused}});
  } else {
    Table table({"CONNECTOR", "VERSION", "LEVEL", "SAMPLES", "WHAT IT IS"});
    for (const Json& connector : answer.at("data")) {
      table.row({cell(connector, "id"), cell(connector, "version"), cell(connector, "level"),
                 std::to_string(connector.at("samples").size()), cell(connector, "summary")});
    }
    table.print();
    if (table.size() == 0) talk("no connector is installed");
  }
  for (const Json& entry : refused) {
    talk(visible("refused: " + cell(entry, "path") + ": " + cell(entry, "reason")));
  }
  return refused.empty() ? kExitOk : kExitFinding;
}

// The running server looks at its folders and at what is installed again.
Result<int> connectorReload(const CliContext& context) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const Json answer, client.post("/v1/connectors/reload"));
  const Json refused = answer.value("refused", Json::array());
  if (context.json) {
    printJson(answer);
  } else {
    const Json changes = answer.value("changes", Json::array());
    for (const Json& change : changes) print(visible(change.get<std::string>()));
    if (changes.empty()) talk("nothing has changed");
  }
  for (const Json& entry : refused) {
    talk(visible("refused: " + cell(entry, "path") + ": " + cell(entry, "reason")));
  }
  return refused.empty() ? kExitOk : kExitFinding;
}

Result<int> connectorRelease(const CliContext& context, const std::string& id) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const Json answer, client.post("/v1/connectors/" + percentEncode(id) + "/release"));
  if (context.json) {
    printJson(answer);
  } else {
    print(id + " runs again; its dead letters can be replayed");
  }
  return kExitOk;
}

Result<int> connectorShow(const CliContext& context, const std::string& id) {
  JUNCTOR_TRY(const Json answer, allConnectors(context));
  for (const Json& connector : answer.at("data")) {
    if (cell(connector, "id") != id) continue;
    if (context.json) {
      printJson(connector);
      return kExitOk;
    }
    print(paint(cell(connector, "name"), Paint::Bold) + " (" + id + " " +
          cell(connector, "version") + ", " + cell(connector, "license") + ")");
    print(visible(cell(connector, "summary")));
    Table table({"SAMPLE", "SEND IT WITH"});
    for (const Json& sample : connector.at("samples")) {
      table.row({cell(sample, "event"), "junctor send " + id + " " + cell(sample, "event")});
    }
    table.print();
    return kExitOk;
  }
  return notFound("there is no connector '" + id + "'; junctor connector list names them");
}

}  // namespace junctor::app
