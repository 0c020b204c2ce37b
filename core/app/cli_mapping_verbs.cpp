#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli_mapping.h"
#include "app/cli_rule_versions.h"

namespace junctor::app {
namespace {

CLI::App* verb(CLI::App& group, const char* name, const char* what, const char* examples) {
  CLI::App* made = group.add_subcommand(name, what);
  made->footer(std::string("Examples:\n") + examples);
  return made;
}

void addRun(CLI::App& mapping, CliAction& chosen) {
  const auto options = std::make_shared<MappingRunOptions>();
  CLI::App* cmd = verb(mapping, "run", "One object through a mapping",
                       "  junctor mapping run --to hubspot/contact contact.json\n"
                       "  junctor mapping run --from contact.json customer.json -o json");
  cmd->add_option("mapping", options->mapping, "File, or connector/object of a shipped one")
      ->required();
  cmd->add_option("sample", options->sample, "The object, a JSON file")
      ->required()
      ->check(CLI::ExistingFile);
  cmd->add_option("--overrides", options->overrides, "A tenant's changes, a JSON file")
      ->check(CLI::ExistingFile);
  CLI::Option* to = cmd->add_flag("--to", options->to, "From canonical to the provider's object");
  cmd->add_flag("--from", options->from, "From the provider's object to canonical")->excludes(to);
  cmd->callback([options, &chosen] {
    chosen = [options](const CliContext& c) { return mappingRun(c, *options); };
  });
}

}  // namespace

void addMapping(CLI::App& app, CliAction& chosen) {
  CLI::App* mapping = app.add_subcommand("mapping", "Tables between our objects and providers'");
  mapping->require_subcommand(1);

  const auto names = std::make_shared<std::vector<std::string>>();
  CLI::App* cmd = verb(*mapping, "check", "What is wrong with mappings, their samples proven",
                       "  junctor mapping check\n  junctor mapping check mappings/contact.json");
  cmd->add_option("path", *names, "Files or folders (default: those that are shipped)");
  cmd->callback([names, &chosen] {
    chosen = [names](const CliContext& c) { return mappingCheck(c, *names); };
  });

  cmd = verb(*mapping, "list", "Mappings that are shipped", "  junctor mapping list\n");
  cmd->callback([&chosen] { chosen = mappingList; });

  const auto object = std::make_shared<std::string>();
  const auto connector = std::make_shared<std::string>();
  cmd = verb(*mapping, "show", "One shipped mapping, field by field",
             "  junctor mapping show salesforce contact\n"
             "  junctor mapping show zendesk ticket -o json > ticket.json");
  cmd->add_option("connector", *connector, "Connector, such as salesforce")->required();
  cmd->add_option("object", *object, "contact, ticket, company, deal or message")->required();
  cmd->callback([connector, object, &chosen] {
    chosen = [connector, object](const CliContext& c) {
      return mappingShow(c, *connector, *object);
    };
  });
  addRun(*mapping, chosen);
  addTenantMappings(*mapping, chosen);
}

}  // namespace junctor::app
