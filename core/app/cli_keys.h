#pragma once
// The commands for secrets and the vault's keys. A secret comes from stdin or a file, never from
// the command line, which every process on the host can read.
#include <string>

#include "app/cli.h"

namespace CLI {
class App;
}

namespace junctor::app {

struct SecretOptions {
  std::string owner;  // integration's id, or destination/NAME
  std::string field, file;
  bool yes = false;
};
Result<int> secretPut(const CliContext& context, const SecretOptions& options);
Result<int> secretList(const CliContext& context, const SecretOptions& options);
Result<int> secretRemove(const CliContext& context, const SecretOptions& options);
Result<int> secretShred(const CliContext& context, const SecretOptions& options);

// With --tenant that tenant's key, else the key file's.
Result<int> keyRotate(const CliContext& context, bool retire);
Result<int> keyStatus(const CliContext& context);

// The verbs, as groups of `app`. `chosen` is set when one is given.
void addKeys(CLI::App& app, CliAction& chosen);

}  // namespace junctor::app
