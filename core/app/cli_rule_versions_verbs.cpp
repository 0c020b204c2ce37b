#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli_rule_versions.h"

namespace junctor::app {
namespace {

using Options = std::shared_ptr<RuleVersionOptions>;
using Command = Result<int> (*)(const CliContext&, const RuleVersionOptions&);

CLI::App* verb(CLI::App& group, CliAction& chosen, const Options& options, const char* name,
               const char* what, const char* examples, Command run) {
  CLI::App* made = group.add_subcommand(name, what);
  made->footer(std::string("Examples:\n") + examples);
  made->callback([options, run, &chosen] {
    chosen = [options, run](const CliContext& c) { return run(c, *options); };
  });
  return made;
}

void addName(CLI::App* cmd, const Options& options) {
  cmd->add_option("rule", options->name, "Name of the script, without .lua")->required();
}

CLI::App* nameVerb(CLI::App& group, CliAction& chosen, const char* name, const char* what,
                   const char* examples,
                   std::function<Result<int>(const CliContext&, const std::string&)> run) {
  CLI::App* made = group.add_subcommand(name, what);
  made->footer(std::string("Examples:\n") + examples);
  const auto mapping = std::make_shared<std::string>();
  made->add_option("mapping", *mapping, "connector/object");
  made->callback([mapping, run = std::move(run), &chosen] {
    chosen = [mapping, run](const CliContext& c) { return run(c, *mapping); };
  });
  return made;
}

}  // namespace

void addRuleVersions(CLI::App& rule, CliAction& chosen) {
  const auto options = std::make_shared<RuleVersionOptions>();
  CLI::App* cmd = verb(rule, chosen, options, "versions", "Versions of a script: draft to retired",
                       "  junctor rule versions route", ruleVersions);
  addName(cmd, options);
  cmd = verb(rule, chosen, options, "draft", "Keep a version without running it",
             "  junctor rule draft rules/route.lua --note 'tickets to the new agent'", ruleDraft);
  cmd->add_option("file", options->file, "The script, a .lua file")->required();
  cmd->add_option("--name", options->name, "Name of the script (default: the file's)");
  cmd->add_option("--note", options->note, "Why, in a few words");
  cmd = verb(rule, chosen, options, "publish", "Make a version live, or a shadow of what is live",
             "  junctor rule publish route 3f2a\n  junctor rule publish route 3f2a --shadow",
             rulePublish);
  addName(cmd, options);
  cmd->add_option("version", options->version, "Version, 4 digits or more")->required();
  cmd->add_flag("--shadow", options->shadow, "Run it beside the live rules, without effect");
  cmd = verb(rule, chosen, options, "rollback", "Make the version live that was live before",
             "  junctor rule rollback route", ruleRollback);
  addName(cmd, options);
  cmd = verb(rule, chosen, options, "retire", "Take a script out of the live rules",
             "  junctor rule retire old-route", ruleRetire);
  addName(cmd, options);
  cmd = verb(rule, chosen, options, "shadow", "What the shadow rules would have done so far",
             "  junctor rule shadow\n  junctor rule shadow route --end", ruleShadow);
  cmd->add_option("rule", options->name, "With --end: whose shadow run ends");
  cmd->add_flag("--end", options->end, "End the shadow run of that script");
  cmd = verb(rule, chosen, options, "compare", "Stored events through two versions; what differs",
             "  junctor rule compare route 3f2a --since 7d\n"
             "  junctor rule compare route 3f2a --against 9c1d --since 12h -o json",
             ruleCompare);
  addName(cmd, options);
  cmd->add_option("version", options->version, "Version, 4 digits or more")->required();
  cmd->add_option("--against", options->against, "Version to compare with (default: live)");
  cmd->add_option("--since", options->since, "7d, 12h, 30m, or a time (default 7d)");
}

void addTenantMappings(CLI::App& mapping, CliAction& chosen) {
  nameVerb(mapping, chosen, "get", "A tenant's mapping on the server, or the list of them",
           "  junctor mapping get\n  junctor mapping get salesforce/contact -o json", mappingGet);
  const auto file = std::make_shared<std::string>();
  CLI::App* cmd = nameVerb(
      mapping, chosen, "put", "Override a shipped mapping, or put one of the tenant's own",
      "  junctor mapping put salesforce/contact overrides.json",
      [file](const CliContext& c, const std::string& name) { return mappingPut(c, name, *file); });
  cmd->add_option("file", *file, "JSON file")->required()->check(CLI::ExistingFile);
  nameVerb(mapping, chosen, "remove", "Take the tenant's own part of a mapping away",
           "  junctor mapping remove salesforce/contact", mappingRemove);
}

}  // namespace junctor::app
