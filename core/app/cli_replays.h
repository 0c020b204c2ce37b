#pragma once
// junctor replay create | list | show | cancel
#include <string>

#include "app/cli.h"

namespace CLI {
class App;
}

namespace junctor::app {

struct ReplayOptions {
  bool dead_letters = false, preview = false;
  std::string type, source, rules, integration, destination, rule_version, fingerprint;
  std::string since, until;
  int64_t rate = 0;
};
Result<int> replayCreate(const CliContext& context, const ReplayOptions& options);
Result<int> replayList(const CliContext& context);
Result<int> replayShow(const CliContext& context, const std::string& id);
Result<int> replayCancel(const CliContext& context, const std::string& id);

// The verbs, as a group of `app`. `chosen` is set when one is given.
void addReplays(CLI::App& app, CliAction& chosen);

}  // namespace junctor::app
