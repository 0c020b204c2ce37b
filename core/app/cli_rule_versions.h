#pragma once
// The commands for versions of rules, on a running server, and for a tenant's mappings there.
#include <string>

#include "app/cli.h"

namespace CLI {
class App;
}

namespace junctor::app {

struct RuleVersionOptions {
  std::string name;     // of the script
  std::string version;  // at least 4 digits
  std::string against;  // "" = what is live
  std::string file, note, since = "7d";
  bool shadow = false, end = false;
};
Result<int> ruleVersions(const CliContext& context, const RuleVersionOptions& options);
Result<int> ruleDraft(const CliContext& context, const RuleVersionOptions& options);
Result<int> rulePublish(const CliContext& context, const RuleVersionOptions& options);
Result<int> ruleRollback(const CliContext& context, const RuleVersionOptions& options);
Result<int> ruleRetire(const CliContext& context, const RuleVersionOptions& options);
Result<int> ruleShadow(const CliContext& context, const RuleVersionOptions& options);
Result<int> ruleCompare(const CliContext& context, const RuleVersionOptions& options);

Result<int> mappingGet(const CliContext& context, const std::string& name);
Result<int> mappingPut(const CliContext& context, const std::string& name, const std::string& file);
Result<int> mappingRemove(const CliContext& context, const std::string& name);

// The verbs, in the group `rule` and the group `mapping`.
void addRuleVersions(CLI::App& rule, CliAction& chosen);
void addTenantMappings(CLI::App& mapping, CliAction& chosen);

}  // namespace junctor::app
