#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli_keys.h"

namespace junctor::app {
namespace {

using SecretAction = Result<int> (*)(const CliContext&, const SecretOptions&);

CLI::App* group(CLI::App& app, const char* name, const char* what) {
  CLI::App* made = app.add_subcommand(name, what);
  made->require_subcommand(1);
  return made;
}

CLI::App* secretVerb(CLI::App& secret, const char* name, const char* what, const char* examples,
                     const std::shared_ptr<SecretOptions>& options, CliAction& chosen,
                     SecretAction action) {
  CLI::App* made = secret.add_subcommand(name, what);
  made->footer(std::string("Examples:\n") + examples);
  made->callback([options, action, &chosen] {
    chosen = [options, action](const CliContext& c) { return action(c, *options); };
  });
  return made;
}

void addSecrets(CLI::App& app, CliAction& chosen) {
  constexpr const char* kOwner = "Integration id, or destination/NAME";
  CLI::App* secret = group(app, "secret", "Secrets in the server's vault");
  const auto options = std::make_shared<SecretOptions>();
  CLI::App* cmd = secretVerb(*secret, "put", "Put one, from stdin or a file; vault:FIELD names it",
                             "  junctor secret put acme-github webhook < secret.txt\n"
                             "  junctor secret put destination/agent signing --file secret.txt",
                             options, chosen, secretPut);
  cmd->add_option("owner", options->owner, kOwner)->required();
  cmd->add_option("field", options->field, "Name of the secret")->required();
  cmd->add_option("--file", options->file, "File with the secret (default: stdin)");
  cmd = secretVerb(*secret, "list", "Names, times and fingerprints; never the secrets",
                   "  junctor secret list --tenant acme\n  junctor secret list acme-github",
                   options, chosen, secretList);
  cmd->add_option("owner", options->owner, kOwner);
  cmd = secretVerb(*secret, "remove", "Take one away",
                   "  junctor secret remove acme-github webhook", options, chosen, secretRemove);
  cmd->add_option("owner", options->owner, kOwner)->required();
  cmd->add_option("field", options->field, "Name of the secret")->required();
  cmd = secretVerb(*secret, "shred", "End all secrets of a tenant for good",
                   "  junctor secret shred --tenant acme --yes", options, chosen, secretShred);
  cmd->add_flag("--yes", options->yes, "It is meant");
}

}  // namespace

void addKeys(CLI::App& app, CliAction& chosen) {
  addSecrets(app, chosen);
  CLI::App* key = group(app, "key", "Keys of the server's vault");
  const auto retire = std::make_shared<bool>(false);
  CLI::App* cmd = key->add_subcommand(
      "rotate", "A new key for the key file, or for --tenant; online, resumable");
  cmd->footer(
      "Examples:\n  junctor key rotate\n  junctor key rotate --retire\n"
      "  junctor key rotate --tenant acme");
  cmd->add_flag("--retire", *retire,
                "Take old keys out of the file; older backups' secrets end with them");
  cmd->callback([retire, &chosen] {
    chosen = [retire](const CliContext& c) { return keyRotate(c, *retire); };
  });
  cmd = key->add_subcommand("status", "Which keys there are, and what they hold");
  cmd->footer("Examples:\n  junctor key status\n  junctor key status --output json");
  cmd->callback([&chosen] { chosen = keyStatus; });
}

}  // namespace junctor::app
