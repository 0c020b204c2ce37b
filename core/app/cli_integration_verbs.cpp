#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli_integration.h"

namespace junctor::app {
namespace {

using Options = std::shared_ptr<IntegrationOptions>;
using Action = Result<int> (*)(const CliContext&, const IntegrationOptions&);

CLI::App* verb(CLI::App& group, const char* name, const char* what, const char* examples,
               const Options& options, CliAction& chosen, Action action) {
  CLI::App* made = group.add_subcommand(name, what);
  made->footer(std::string("Examples:\n") + examples);
  made->add_option("integration", options->id, "Integration id")->required();
  made->callback([options, action, &chosen] {
    chosen = [options, action](const CliContext& c) { return action(c, *options); };
  });
  return made;
}

}  // namespace

void addIntegrations(CLI::App& app, CliAction& chosen) {
  CLI::App* group = app.add_subcommand("integration", "Integrations, and acting through them");
  group->require_subcommand(1);
  const auto options = std::make_shared<IntegrationOptions>();
  CLI::App* cmd = group->add_subcommand("list", "All of --tenant, or of every tenant");
  cmd->footer("Examples:\n  junctor integration list\n  junctor integration list --tenant acme");
  cmd->callback([&chosen] { chosen = integrationList; });
  cmd = verb(*group, "create", "Add one; its webhook secret is vault:webhook",
             "  junctor integration create acme-jira --connector jira site=acme email=bot@acme.com",
             options, chosen, integrationCreate);
  cmd->add_option("--connector", options->connector, "Connector id")->required();
  cmd->add_option("set", options->set, "Settings: name=text or name:=json; repeatable");
  cmd = verb(
      *group, "connect", "Give it a credential: a secret, or by OAuth",
      "  junctor integration connect acme-gh --secret api_token < token.txt\n"
      "  junctor integration connect acme-gh\n"
      "  junctor integration connect acme-gh --connector github --secret api_token < token.txt",
      options, chosen, integrationConnect);
  cmd->add_option("--connector", options->connector, "Create it first, with this connector");
  cmd->add_option("set", options->set, "Settings of the new one: name=text or name:=json");
  cmd->add_option("--secret", options->field, "Put this secret (from stdin) and try it");
  cmd->add_flag("!--no-wait", options->wait, "Print the URL of the login, do not wait");
  verb(*group, "rotate", "Replace a secret (from stdin) and try it",
       "  junctor integration rotate acme-gh --secret api_token < token.txt", options, chosen,
       integrationConnect)
      ->add_option("--secret", options->field, "Name of the secret")
      ->required();
  cmd = verb(*group, "register-webhook", "Register its webhook through the provider's API",
             "  junctor integration register-webhook acme-gh issues issue_comment", options, chosen,
             integrationRegister);
  cmd->add_option("events", options->set, "Events as the provider names them (default: the usual)");
  verb(*group, "unregister-webhook", "Take the registered webhook away at the provider",
       "  junctor integration unregister-webhook acme-gh", options, chosen, integrationUnregister);
  verb(*group, "show", "One of them: credential, webhook, and which secrets still verify",
       "  junctor integration show acme-gh", options, chosen, integrationShow);
  verb(*group, "disable", "Switch it off: its webhooks are taken and parked",
       "  junctor integration disable acme-gh", options, chosen, integrationDisable);
  verb(*group, "enable", "Switch it on: what is parked goes on, oldest first",
       "  junctor integration enable acme-gh", options, chosen, integrationEnable);
  verb(*group, "revoke", "End its OAuth grant, here and at the provider",
       "  junctor integration revoke acme-gh", options, chosen, integrationRevoke);
  cmd =
      verb(*group, "act", "Act at the provider; without an action: what it can do",
           "  junctor integration act acme-gh\n"
           "  junctor integration act acme-gh create_issue repository=acme/app title='On fire' "
           "'labels:=[\"bug\"]'\n"
           "  junctor integration act acme-gh close_issue repository=acme/app number:=7 --dry-run",
           options, chosen, integrationAct);
  cmd->add_option("action", options->action, "Action of the connector");
  cmd->add_option("set", options->set, "name=text or name:=json; repeatable");
  cmd->add_option("--params", options->params, "All parameters as JSON, or @file");
  cmd->add_option("--object", options->canonical,
                  "Canonical object as JSON, or @file: it is mapped");
  cmd->add_option("--key", options->key, "Idempotency key: the same key gets the same answer");
  cmd->add_flag("--dry-run", options->dry_run, "Send nothing: show the request");
  cmd = verb(*group, "fields", "Fields of an object of the provider, custom ones too",
             "  junctor integration fields acme-gh issue", options, chosen, integrationFields);
  cmd->add_option("object", options->object, "Object of the provider")->required();
  verb(*group, "test", "Try the credential with the provider", "  junctor integration test acme-gh",
       options, chosen, integrationTest);
}

}  // namespace junctor::app
