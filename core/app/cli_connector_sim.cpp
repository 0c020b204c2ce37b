#include <signal.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli_connector_sim.h"
#include "app/cli_output.h"
#include "app/connector_store.h"
#include "app/paths.h"
#include "app/simulator.h"
#include "base/files.h"
#include "base/log.h"

namespace junctor::app {
namespace {

Result<plugin::Manifest> manifestOf(const CliContext& context, const std::string& id) {
  config::Problems ignored;
  const auto config =
      config::loadServerConfig(context.config_file, context.environment, context.settings, ignored);
  const auto registry =
      plugin::loadConnectors(connectorFolders(config), plugin::openNothing(),
                             installedConnectors(config, systemClock()), plugin::openNothing());
  const auto found = registry->find(id);
  if (!found) return invalidArgument("there is no connector '" + id + "'");
  return found->manifest();
}

}  // namespace

Result<int> connectorSim(const CliContext& context, const SimOptions& options) {
  log::configure(log::Level::Error, log::Format::Text);
  JUNCTOR_TRY(const plugin::Manifest manifest, manifestOf(context, options.connector));
  const std::string folder =
      options.fixtures.empty() ? samplesFolder(options.connector) : options.fixtures;
  JUNCTOR_TRY(const std::string calls, readFile(folder + "/calls.json"));
  JUNCTOR_TRY(const auto simulator,
              Simulator::make(manifest, calls, options.rate_per_s, systemClock()));
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread starts
  net::HttpServerOptions server;
  server.name = "jn-sim";
  server.address = "127.0.0.1:" + std::to_string(options.port);
  JUNCTOR_TRY(const auto front, net::startHttpServer(server, *simulator, systemClock()));
  print("http://" + front->address());
  talk(
      fmt::format("{} with {} recorded requests; the server finds it by\n"
                  "  JUNCTOR_CONNECTORS_SIMULATORS={}={}  (or connectors.simulators)\n"
                  "GET and POST /_sim: what came, and what shall fail. Webhooks: junctor send {} …",
                  manifest.name, simulator->routes(), manifest.id, front->port(), manifest.id));
  int number = 0;
  sigwait(&signals, &number);
  return kExitOk;
}

void addConnectorSim(CLI::App& connector, CliAction& chosen) {
  CLI::App* sim = connector.add_subcommand("sim", "Play its provider, from the fixtures");
  sim->footer(
      "Examples:\n"
      "  junctor connector sim github --port 9100\n"
      "  JUNCTOR_CONNECTORS_SIMULATORS=github=9100 junctor serve\n"
      "  curl -d '{\"next\": [429, 503, \"timeout\"]}' http://127.0.0.1:9100/_sim");
  const auto options = std::make_shared<SimOptions>();
  sim->add_option("connector", options->connector, "Connector id")->required();
  sim->add_option("--port", options->port, "Of 127.0.0.1 (default: any free one)")
      ->check(CLI::Range(0, 65'535));
  sim->add_option("--fixtures", options->fixtures, "Folder with calls.json (default: installed)");
  sim->add_option("--rate", options->rate_per_s, "Requests in a second; more get 429")
      ->check(CLI::Range(1, 100'000));
  sim->callback([&chosen, options] {
    chosen = [options](const CliContext& context) { return connectorSim(context, *options); };
  });
}

}  // namespace junctor::app
