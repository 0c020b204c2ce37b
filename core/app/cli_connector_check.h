#pragma once
// The commands that prove a connector: check and fuzz.
#include <string>
#include <vector>

#include "app/cli.h"

namespace CLI {
class App;
}

namespace junctor::app {

struct ConnectorCheckOptions {
  std::string path;  // a library, a bundle, or the id of an installed connector
  std::string fixtures, mappings, level = "full", waivers, junit;
  std::vector<std::string> include, exclude;
  bool in_process = false, json = false, list = false, markdown = false;
  uint64_t seed = 1;
  int timeout_s = 0;
};
Result<int> connectorCheck(const CliContext& context, const ConnectorCheckOptions& options);

struct ConnectorFuzzOptions {
  std::string path, fixtures, folder = ".", reproduce;
  uint64_t seed = 1, rounds = 10'000;
};
Result<int> connectorFuzz(const CliContext& context, const ConnectorFuzzOptions& options);

// cli_connector_check_verbs.cpp: the verbs, below `connector`. `chosen` is set when one is given.
void addConnectorCheck(CLI::App& connector, CliAction& chosen);

}  // namespace junctor::app
