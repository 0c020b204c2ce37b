#pragma once
// The commands for people who write connectors: a new project, a server to try it out in.
#include <string>

#include "app/cli.h"

namespace CLI {
class App;
}

namespace junctor::app {

// cli_connector_new.cpp
struct ConnectorNewOptions {
  std::string language = "cpp";  // c, cpp, rust, go
  std::string name;              // "my-shop", or an id: "com.acme.my-shop"
  std::string folder;            // "" = ./<name>
};
Result<int> connectorNew(const CliContext& context, const ConnectorNewOptions& options);

// cli_connector_dev.cpp
struct ConnectorDevOptions {
  std::string path = ".";     // a project's folder, or a library
  bool replay = false;        // post the fixtures after every load
  std::string payload;        // post this file instead
  bool once = false;          // end after the first round
  int port = 0;               // of the webhook listener; 0 = a free one
  std::string settings_file;  // of the integration, one JSON object
};
Result<int> connectorDev(const CliContext& context, const ConnectorDevOptions& options);

// cli_connector_sdk.cpp: the verbs, below `connector`. `chosen` is set when one is given.
void addConnectorSdk(CLI::App& connector, CliAction& chosen);

}  // namespace junctor::app
