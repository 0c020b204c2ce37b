#pragma once
// `junctor integration`: integrations of the running server, and acting through them.
#include <string>
#include <vector>

#include "app/cli.h"

namespace CLI {
class App;
}

namespace junctor::app {

struct IntegrationOptions {
  std::string id, action, object;
  std::string params, canonical;  // JSON, or @file
  std::vector<std::string> set;   // name=text or name:=json; of register-webhook events
  std::string key;
  bool dry_run = false;
  std::string connector, field;  // of create, connect
  bool wait = true;
};
Result<int> integrationCreate(const CliContext& context, const IntegrationOptions& options);
// With a field: its secret from stdin, tried at once. Without: OAuth, waits for the person.
Result<int> integrationConnect(const CliContext& context, const IntegrationOptions& options);
Result<int> integrationRevoke(const CliContext& context, const IntegrationOptions& options);
Result<int> integrationDisable(const CliContext& context, const IntegrationOptions& options);
Result<int> integrationEnable(const CliContext& context, const IntegrationOptions& options);
Result<int> integrationRegister(const CliContext& context, const IntegrationOptions& options);
Result<int> integrationUnregister(const CliContext& context, const IntegrationOptions& options);
Result<int> integrationShow(const CliContext& context, const IntegrationOptions& options);
Result<int> integrationList(const CliContext& context);
Result<int> integrationAct(const CliContext& context, const IntegrationOptions& options);
Result<int> integrationFields(const CliContext& context, const IntegrationOptions& options);
Result<int> integrationTest(const CliContext& context, const IntegrationOptions& options);

// The verbs, as a group of `app`. `chosen` is set when one is given.
void addIntegrations(CLI::App& app, CliAction& chosen);

}  // namespace junctor::app
