#include "app/cli_client.h"
#include "app/cli_connector_trust.h"
#include "app/cli_output.h"
#include "app/connector_store.h"
#include "base/json_value.h"
#include "base/log.h"

namespace junctor::app {

Result<int> withStore(const CliContext& context, const StoreAction& action, bool dev) {
  log::configure(log::Level::Error, log::Format::Text);
  if (!context.server.empty()) {
    return invalidArgument("connectors are installed on the server's own host, not over --server");
  }
  config::Problems problems;
  auto config = config::loadServerConfig(context.config_file, context.environment, context.settings,
                                         problems);
  if (!problems.empty()) {
    printProblems(problems);
    return kExitConfig;
  }
  config.connectors_dev = config.connectors_dev || dev;
  trust::InstallStore store = openConnectorStore(config, systemClock());
  return action(store);
}

Error about(const std::string& what, const Error& error) {
  const bool wrong = error.code == ErrorCode::InvalidArgument;
  return makeError(wrong ? ErrorCode::DataLoss : error.code, what + ": " + error.message);
}

std::string tellServer(const CliContext& context) {
  auto client = AdminClient::connect(context);
  if (!client) {
    talk("no server runs on " + context.data_dir + ": it will see this when it starts");
    return "not running";
  }
  const auto answer = client->post("/v1/connectors/reload");
  if (answer) {
    for (const Json& change : answer->value("changes", Json::array())) {
      if (change.is_string()) talk("server: " + visible(change.get<std::string>()));
    }
    return "reloaded";
  }
  if (answer.error().code == ErrorCode::Unavailable) {
    talk("the server does not answer: it will see this when it starts");
    return "not running";
  }
  talk("restart the server to make it see this (" + answer.error().message + ")");
  return "restart needed";
}

Json verdictJson(const trust::Verdict& verdict) {
  Json json = {{"level", trust::toString(verdict.level)}};
  if (verdict.level == trust::Level::Unsigned) return json;
  json["publisher"] = verdict.publisher;
  json["key"] = verdict.key_id;
  json["key_expires"] = verdict.expires;
  return json;
}

}  // namespace junctor::app
