#include "app/cli_connector_sdk.h"

#include <CLI/CLI.hpp>
#include <memory>

namespace junctor::app {
namespace {

void addNew(CLI::App& connector, CliAction& chosen) {
  const auto options = std::make_shared<ConnectorNewOptions>();
  CLI::App* cmd = connector.add_subcommand("new", "A project that builds, checks and runs");
  cmd->footer(
      "Examples:\n  junctor connector new --lang rust my-shop\n"
      "  junctor connector new --lang c com.acme.my-shop --dir connectors/my-shop");
  cmd->add_option("name", options->name, "Its name, or its id: com.acme.my-shop")->required();
  cmd->add_option("--lang", options->language, "c, cpp, rust or go (default cpp)")
      ->check(CLI::IsMember({"c", "cpp", "rust", "go"}));
  cmd->add_option("--dir", options->folder, "Folder to make (default ./<name>)");
  cmd->callback([options, &chosen] {
    chosen = [options](const CliContext& c) { return connectorNew(c, *options); };
  });
}

void addDev(CLI::App& connector, CliAction& chosen) {
  const auto options = std::make_shared<ConnectorDevOptions>();
  CLI::App* cmd = connector.add_subcommand("dev", "A server with the connector you are writing");
  cmd->footer(
      "Examples:\n  junctor connector dev . --replay\n"
      "  junctor connector dev build/my-shop.so --port 8080 --settings settings.json\n"
      "A project's build.sh runs whenever a file changes.");
  cmd->add_option("path", options->path, "Folder of the project, or a .so (default .)");
  cmd->add_flag("--replay", options->replay, "Post the fixtures after every load");
  cmd->add_option("--payload", options->payload, "Post this captured body instead of the fixtures")
      ->check(CLI::ExistingFile);
  cmd->add_flag("--once", options->once, "End after the first round; exit 1 if it went wrong");
  cmd->add_option("--port", options->port, "Port for webhooks on 127.0.0.1 (default: a free one)")
      ->check(CLI::Range(0, 65535));
  cmd->add_option("--settings", options->settings_file, "The integration's settings, a JSON file")
      ->check(CLI::ExistingFile);
  cmd->callback([options, &chosen] {
    if (!options->payload.empty()) options->replay = true;
    chosen = [options](const CliContext& c) { return connectorDev(c, *options); };
  });
}

}  // namespace

void addConnectorSdk(CLI::App& connector, CliAction& chosen) {
  addNew(connector, chosen);
  addDev(connector, chosen);
}

}  // namespace junctor::app
