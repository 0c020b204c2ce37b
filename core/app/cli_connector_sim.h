#pragma once
// `junctor connector sim`: a provider played from a connector's fixtures, on this machine.
#include <string>

#include "app/cli.h"

namespace CLI {
class App;
}

namespace junctor::app {

struct SimOptions {
  std::string connector, fixtures;
  int port = 0;
  int rate_per_s = 0;  // 0 = no limit
};
Result<int> connectorSim(const CliContext& context, const SimOptions& options);
void addConnectorSim(CLI::App& connector, CliAction& chosen);

}  // namespace junctor::app
