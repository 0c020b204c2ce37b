// Few files see CLI11: its header costs four seconds of compile time.
#include "app/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>

#include "app/cli_commands.h"
#include "app/cli_connector_check.h"
#include "app/cli_connector_sdk.h"
#include "app/cli_connector_sim.h"
#include "app/cli_connector_trust.h"
#include "app/cli_integration.h"
#include "app/cli_keys.h"
#include "app/cli_mapping.h"
#include "app/cli_output.h"
#include "app/cli_replays.h"
#include "app/cli_rule_versions.h"
#include "app/version.h"
#include "base/json_value.h"
#include "config/suggest.h"

namespace junctor::app {
namespace {

// Options as parsed; commands() binds them, finish() makes the context.
struct Parsed {
  std::string data_dir, server, token, tenant, output = "table", config_file;
  std::string public_address, admin_address, store, log_format, log_level;
  CliAction action;

  std::vector<std::string> paths;
  std::string path, id;
  bool dry_run = false, dev = false;
  int samples = 0;
  EventFilter filter;
  DeadLetterOptions dead;
  RuleRunOptions rule;
  SendOptions send;
  ListenOptions listen;
  TokenOptions token_options;
  int audit_limit = 50;
};

void addGlobals(CLI::App& app, Parsed& p) {
  app.add_option("--data-dir", p.data_dir,
                 "Where the server lives (JUNCTOR_DATA_DIR; default ./.junctor)");
  app.add_option("-c,--config", p.config_file, "junctor.yaml (JUNCTOR_CONFIG)");
  app.add_option("--server", p.server,
                 "Admin URL of a server elsewhere (JUNCTOR_SERVER); needs a token");
  app.add_option("--token", p.token, "Bearer token (JUNCTOR_TOKEN)");
  app.add_option("--tenant", p.tenant, "Tenant (JUNCTOR_TENANT; default: the only one)");
  app.add_option("-o,--output", p.output, "table or json")->check(CLI::IsMember({"table", "json"}));
}

CLI::App* command(CLI::App* parent, Parsed& p, const char* name, const char* what,
                  const char* examples, CliAction action) {
  CLI::App* made = parent->add_subcommand(name, what);
  if (*examples) made->footer(std::string("Examples:\n") + examples);
  made->callback([&p, action = std::move(action)] { p.action = action; });
  return made;
}

CLI::App* group(CLI::App& app, const char* name, const char* what) {
  CLI::App* made = app.add_subcommand(name, what);
  made->require_subcommand(1);
  return made;
}

void addServer(CLI::App& app, Parsed& p) {
  CLI::App* cmd =
      command(&app, p, "serve", "Run the server until SIGTERM",
              "  junctor serve\n"
              "  junctor serve --data-dir /var/lib/junctor -c /etc/junctor/junctor.yaml",
              serve);
  cmd->add_option("--public", p.public_address, "Listener for webhooks (JUNCTOR_PUBLIC)");
  cmd->add_option("--admin", p.admin_address, "Listener for people and tools (JUNCTOR_ADMIN)");
  cmd->add_option("--store", p.store, "sqlite, sqlite:/path or postgres://… (JUNCTOR_STORE)");
  cmd->add_option("--log-format", p.log_format, "text or json (JUNCTOR_LOG_FORMAT)");
  cmd->add_option("--log-level", p.log_level, "debug, info, warn or error (JUNCTOR_LOG_LEVEL)");
  cmd->add_flag("--dev", p.dev, "Load unsigned connectors too; never in production");

  cmd = command(&app, p, "apply", "Make the server's tenants what the folder says",
                "  junctor apply -f config/tenants/demo --dry-run\n  junctor apply -f tenants/",
                [&p](const CliContext& c) { return applyTenants(c, p.path, p.dry_run); });
  cmd->add_option("-f,--file", p.path, "Tenant folder, or folder of tenant folders")->required();
  cmd->add_flag("--dry-run", p.dry_run, "Say what would change, change nothing");

  CLI::App* config = group(app, "config", "Configuration");
  cmd = command(config, p, "check", "Everything that is wrong, at once (exit 78)",
                "  junctor config check -c junctor.yaml\n  junctor config check tenants/acme",
                [&p](const CliContext& c) { return configCheck(c, p.paths); });
  cmd->add_option("folder", p.paths, "Tenant folders to check too");
  command(config, p, "show", "What is in force, from file, environment and flags",
          "  junctor config show\n  junctor config show -c junctor.yaml --output json", configShow);
}

void addConnectors(CLI::App& app, Parsed& p) {
  CLI::App* connector = group(app, "connector", "Connectors");
  command(connector, p, "list", "Connectors that are installed",
          "  junctor connector list\n  junctor connector list --output json", connectorList);
  CLI::App* cmd = command(connector, p, "show", "One connector and its samples",
                          "  junctor connector show github\n  junctor connector show slack -o json",
                          [&p](const CliContext& c) { return connectorShow(c, p.id); });
  cmd->add_option("connector", p.id, "Its id")->required();
  addConnectorCheck(*connector, p.action);
  addConnectorSim(*connector, p.action);
  addConnectorSdk(*connector, p.action);
  addConnectorTrust(*connector, p.action);

  CLI::App* rule = group(app, "rule", "Rule scripts");
  cmd = command(rule, p, "check",
                "What is wrong with scripts: unknown names, unreachable routes, misspelt fields",
                "  junctor rule check tenants/acme\n  junctor rule check rules/route.lua\n"
                "  junctor rule check tenants/acme --events 50",
                [&p](const CliContext& c) { return ruleCheck(c, p.paths, p.samples); });
  cmd->add_option("path", p.paths, "Tenant folders or scripts")->required();
  cmd->add_option("--events", p.samples,
                  "Also run so many stored events, to find fields that none of them has");
  cmd = command(rule, p, "test", "Run the tests beside the rules, with coverage",
                "  junctor rule test tenants/acme\n  junctor rule test rules/route.lua -o json",
                [&p](const CliContext& c) { return ruleTest(c, p.paths); });
  cmd->add_option("path", p.paths, "Tenant folders or scripts")->required();
  cmd = command(rule, p, "run", "Run one event through normalize and route, with a trace",
                "  junctor rule run tenants/acme evt_…\n"
                "  junctor rule run route.lua push.json --type push --source github\n"
                "  junctor rule run refund.lua evt_… --answers answers.json",
                [&p](const CliContext& c) { return ruleRun(c, p.rule); });
  cmd->add_option("path", p.rule.path, "Tenant folder or script")->required();
  cmd->add_option("event,--event", p.rule.event, "An event's id, or a JSON file");
  cmd->add_option("--type", p.rule.type, "Type of the event, if the file is only a payload");
  cmd->add_option("--answers", p.rule.answers,
                  "JSON file with answers of steps of flows: {\"call crm\": …, \"llm\": …}");
  cmd->add_option("--source", p.rule.source, "Connector of the event, likewise");
  cmd = command(rule, p, "repl", "Try Lua on one event, in the sandbox",
                "  junctor rule repl tenants/acme evt_…\n  junctor rule repl route.lua push.json",
                [&p](const CliContext& c) { return ruleRepl(c, p.rule); });
  cmd->add_option("path", p.rule.path, "Tenant folder or script")->required();
  cmd->add_option("event,--event", p.rule.event, "An event's id, or a JSON file");
  cmd = command(rule, p, "api", "The names that rules may use",
                "  junctor rule api\n  junctor rule api --luacheckrc > .luacheckrc",
                [&p](const CliContext& c) { return ruleApi(c, p.dry_run); });
  cmd->add_flag("--luacheckrc", p.dry_run, "As the configuration of luacheck");
  addRuleVersions(*rule, p.action);
}

void addTools(CLI::App& app, Parsed& p) {
  CLI::App* cmd = command(&app, p, "send", "Sign a sample webhook and post it",
                          "  junctor send github pull_request.opened\n"
                          "  junctor send stripe invoice.paid --integration acme-stripe --count 10",
                          [&p](const CliContext& c) { return send(c, p.send); });
  cmd->add_option("connector", p.send.connector, "Connector id")->required();
  cmd->add_option("event", p.send.event, "Sample of the connector")->required();
  cmd->add_option("--integration", p.send.integration, "Integration (default: the first of it)");
  cmd->add_option("--payload", p.send.payload_file, "Body to send instead of the sample's");
  cmd->add_option("--secret", p.send.secret, "env:NAME or file:PATH (default: the integration's)");
  cmd->add_option("--url", p.send.url, "Post there instead");
  cmd->add_option("--count", p.send.count, "How many, each with ids of its own");

  cmd = command(&app, p, "listen", "A receiver that prints and verifies deliveries",
                "  junctor listen --port 9000 --secret env:AGENT_SECRET\n"
                "  junctor listen --port 9000 --status 503 --output json",
                [&p](const CliContext& c) { return listen(c, p.listen); });
  cmd->add_option("--port", p.listen.port, "Port (default 9000; 0 = any free one)");
  cmd->add_option("--address", p.listen.address, "Address (default 127.0.0.1)");
  cmd->add_option("--secret", p.listen.secrets,
                  "Signing secret, env:NAME or file:PATH; repeatable");
  cmd->add_option("--status", p.listen.status, "Answer to what is verified (default 200)");

  command(&app, p, "usage", "Events and deliveries of this hour, and the limits",
          "  junctor usage --tenant acme", usage);
  command(&app, p, "ledger", "Counts that must balance", "  junctor ledger --tenant acme", ledger);
  command(&app, p, "doctor", "Look for trouble: configuration, disk, server, tenants",
          "  junctor doctor\n  junctor doctor --output json", doctor);
  command(&app, p, "version", "Version of this program", "", version);
}

void addFilter(CLI::App* cmd, EventFilter& filter) {
  cmd->add_option("--type", filter.type, "Event type; '*' as wildcard");
  cmd->add_option("--integration", filter.integration, "Integration id");
  cmd->add_option("--source", filter.source, "Connector id");
  cmd->add_option("--since", filter.since, "Received at or after: 2026-11-21T08:30:00Z");
  cmd->add_option("--until", filter.until, "Received at or before");
  cmd->add_option("-n,--limit", filter.limit, "How many (default 50)");
}

void addEvents(CLI::App& app, Parsed& p) {
  CLI::App* events = group(app, "events", "Events");
  CLI::App* cmd = command(events, p, "list", "Newest first",
                          "  junctor events list --tenant acme --limit 20\n"
                          "  junctor events list --type 'pull_request.*' --output json",
                          [&p](const CliContext& c) { return eventsList(c, p.filter); });
  addFilter(cmd, p.filter);
  cmd = command(events, p, "show", "One event with deliveries and attempts",
                "  junctor events show evt_…\n  junctor events show evt_… --output json",
                [&p](const CliContext& c) { return eventsShow(c, p.id); });
  cmd->add_option("event", p.id, "Event id")->required();
  cmd = command(events, p, "tail", "Print events as they come, until Ctrl-C",
                "  junctor events tail\n  junctor events tail --source stripe --output json",
                [&p](const CliContext& c) { return eventsTail(c, p.filter); });
  addFilter(cmd, p.filter);
  cmd = command(events, p, "replay", "New deliveries through today's rules",
                "  junctor events replay evt_…",
                [&p](const CliContext& c) { return eventsReplay(c, p.paths); });
  cmd->add_option("event", p.paths, "Event ids")->required();
}

void addDeadLetters(CLI::App& app, Parsed& p) {
  CLI::App* dead = group(app, "deadletters", "Deliveries that were given up");
  CLI::App* cmd = command(dead, p, "list", "Newest first",
                          "  junctor deadletters list --causes\n"
                          "  junctor deadletters list --destination agent --output json",
                          [&p](const CliContext& c) { return deadLettersList(c, p.dead); });
  cmd->add_option("--destination", p.dead.destination, "Of this destination only");
  cmd->add_option("--event", p.dead.event, "Of this event only");
  cmd->add_option("--fingerprint", p.dead.fingerprint, "Of this cause only");
  cmd->add_flag("--causes", p.dead.causes, "Counted by cause instead");
  cmd->add_option("-n,--limit", p.dead.limit, "How many (default 50)");
  cmd = command(dead, p, "replay", "They run again, with the same webhook-id",
                "  junctor deadletters replay dlv_…\n"
                "  junctor deadletters replay --destination agent\n"
                "  junctor deadletters replay --fingerprint 5d41402abc4b2a76 --rate 20",
                [&p](const CliContext& c) { return deadLettersReplay(c, p.dead); });
  cmd->add_option("delivery", p.dead.ids, "Delivery ids");
  cmd->add_option("--destination", p.dead.destination, "All of this destination");
  cmd->add_option("--fingerprint", p.dead.fingerprint, "All of this cause, as a replay");
  cmd->add_option("--rate", p.dead.rate, "At most so many a second, as a replay");
  cmd->add_flag("--all", p.dead.all, "All of the tenant");
  cmd = command(dead, p, "discard", "Give them up for good",
                "  junctor deadletters discard dlv_… --reason 'agent is gone'",
                [&p](const CliContext& c) { return deadLettersDiscard(c, p.dead); });
  cmd->add_option("delivery", p.dead.ids, "Delivery ids")->required();
  cmd->add_option("--reason", p.dead.reason, "Kept with the delivery");
}

void addDestinations(CLI::App& app, Parsed& p) {
  CLI::App* of = group(app, "destination", "Where deliveries go, and how they fare there");
  command(of, p, "list", "State, limits and problems", "  junctor destination list",
          [](const CliContext& c) { return destinationList(c); });
  CLI::App* cmd = command(of, p, "pause", "Hold deliveries back; events are still taken",
                          "  junctor destination pause agent",
                          [&p](const CliContext& c) { return destinationPause(c, p.id, true); });
  cmd->add_option("destination", p.id, "Its name")->required();
  cmd = command(of, p, "resume", "Let them go on; its circuit closes too",
                "  junctor destination resume agent",
                [&p](const CliContext& c) { return destinationPause(c, p.id, false); });
  cmd->add_option("destination", p.id, "Its name")->required();
}

void addTokens(CLI::App& app, Parsed& p) {
  CLI::App* token = group(app, "token", "Access to the admin API");
  CLI::App* cmd = command(token, p, "create", "Print a new bearer token, this once",
                          "  junctor token create --role viewer --tenant acme\n"
                          "  TOKEN=$(junctor token create --role admin)",
                          [&p](const CliContext& c) { return tokenCreate(c, p.token_options); });
  cmd->add_option("--role", p.token_options.role,
                  "owner, admin, operator, viewer or auditor (default viewer)")
      ->check(CLI::IsMember({"owner", "admin", "operator", "viewer", "auditor"}));
  cmd->add_option("--expires", p.token_options.expires, "2027-01-01T00:00:00Z (default never)");
  command(token, p, "list", "Tokens that are valid; never the tokens themselves",
          "  junctor token list", tokenList);
  cmd = command(token, p, "revoke", "Take one away", "  junctor token revoke tok_…",
                [&p](const CliContext& c) { return tokenRevoke(c, p.token_options); });
  cmd->add_option("token", p.token_options.id, "Token id (tok_…)")->required();
}

void addAudit(CLI::App& app, Parsed& p) {
  CLI::App* audit = group(app, "audit", "Who changed what");
  CLI::App* cmd = command(audit, p, "list", "The newest records", "  junctor audit list --limit 20",
                          [&p](const CliContext& c) { return auditList(c, p.audit_limit); });
  cmd->add_option("--limit", p.audit_limit, "How many (default 50)")->check(CLI::Range(1, 100'000));
  command(audit, p, "verify", "Follow the chain of records from the first to the last",
          "  junctor audit verify", auditVerify);
}

std::string either(const std::string& flag, const config::Environment& environment,
                   const char* variable) {
  if (!flag.empty()) return flag;
  const auto found = environment.find(variable);
  return found == environment.end() ? "" : found->second;
}

CliContext contextOf(const Parsed& p, config::Environment environment) {
  CliContext context;
  for (const auto& [path, text] :
       {std::pair<const char*, const std::string&>{"data_dir", p.data_dir},
        {"listeners.public.address", p.public_address},
        {"listeners.admin.address", p.admin_address},
        {"store", p.store},
        {"log.format", p.log_format},
        {"log.level", p.log_level}}) {
    if (!text.empty()) context.settings.emplace_back(path, text);
  }
  if (p.dev) context.settings.emplace_back("connectors.dev", "true");
  context.config_file = either(p.config_file, environment, "JUNCTOR_CONFIG");
  context.server = either(p.server, environment, "JUNCTOR_SERVER");
  context.token = either(p.token, environment, "JUNCTOR_TOKEN");
  context.tenant = either(p.tenant, environment, "JUNCTOR_TENANT");
  context.json = p.output == "json";
  config::Problems ignored;  // commands that need the configuration check it themselves
  context.data_dir =
      config::loadServerConfig(context.config_file, environment, context.settings, ignored)
          .data_dir;
  context.environment = std::move(environment);
  return context;
}

// The words typed, as far as they are commands; suggests for the first that is none.
std::string suggestion(const CLI::App& app, int argc, char** argv) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("-")) return {};
    std::vector<std::string> names;
    const CLI::App* next = nullptr;
    for (const CLI::App* child : at->get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(child->get_name());
      if (child->get_name() == word) next = child;
    }
    if (names.empty()) return {};
    if (!next) return "there is no command '" + word + "'" + config::didYouMean(word, names);
    at = next;
  }
  return {};
}

int run(const Parsed& p, const CliContext& context) {
  auto done = p.action(context);
  if (done) return *done;
  talk("junctor: " + visible(done.error().message));
  return done.error().code == ErrorCode::InvalidArgument ? kExitUsage : kExitFinding;
}

int parseAndRun(int argc, char** argv) {
  config::Environment environment = config::processEnvironment();
  configureColours(environment);
  CLI::App app("Junctor: webhooks in, signed events out.", "junctor");
  app.fallthrough();
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("junctor ") + kVersion);
  app.footer("Exit codes: 0 ok, 1 finding or failure, 2 usage, 78 bad configuration.");
  Parsed parsed;
  addGlobals(app, parsed);
  addServer(app, parsed);
  addConnectors(app, parsed);
  addTools(app, parsed);
  addEvents(app, parsed);
  addDeadLetters(app, parsed);
  addDestinations(app, parsed);
  addTokens(app, parsed);
  addAudit(app, parsed);
  addKeys(app, parsed.action);
  addMapping(app, parsed.action);
  addReplays(app, parsed.action);
  addIntegrations(app, parsed.action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const std::string hint = e.get_exit_code() == 0 ? "" : suggestion(app, argc, argv);
    if (hint.empty()) return app.exit(e) == 0 ? kExitOk : kExitUsage;
    talk("junctor: " + visible(hint) + "\nRun with --help for more information.");
    return kExitUsage;
  }
  return run(parsed, contextOf(parsed, std::move(environment)));
}

}  // namespace

int runCli(int argc, char** argv) {
  try {
    return parseAndRun(argc, argv);
  } catch (const std::exception& e) {  // our own fault: JSON of an unexpected shape, no memory
    talk(std::string("junctor: internal error: ") + e.what());
    return kExitFinding;
  }
}

}  // namespace junctor::app
