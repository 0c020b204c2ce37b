#include "app/cli_check.h"

#include "config/suggest.h"
#include "script/rules.h"

namespace junctor::app {
namespace {

std::vector<std::string> namesOf(const std::map<std::string, Destination>& destinations) {
  std::vector<std::string> names;
  for (const auto& [name, destination] : destinations) names.push_back(name);
  return names;
}

void checkTargets(const Tenant& tenant, const script::Ruleset& rules, const std::string& file,
                  config::Problems& problems) {
  for (const std::string& name : rules.destinations()) {
    if (tenant.destinations.contains(name)) continue;
    problems.push_back({file, 0, "",
                        "a route sends to '" + name + "', which destinations.yaml does not have" +
                            config::didYouMean(name, namesOf(tenant.destinations))});
  }
}

}  // namespace

void checkRules(const Tenant& tenant, config::Problems& problems) {
  const std::string folder = tenant.id + "/rules";
  const size_t before = problems.size();
  for (const RuleScript& rule : tenant.rules) {
    const std::string file = folder + "/" + rule.name + ".lua";
    const auto compiled = script::compileRules({rule});
    if (compiled) {
      checkTargets(tenant, **compiled, file, problems);
    } else {
      problems.push_back({file, 0, "", compiled.error().message});
    }
  }
  if (problems.size() > before) return;
  const auto all = script::compileRules(tenant.rules);
  if (!all) problems.push_back({folder, 0, "", all.error().message});
}

std::vector<Tenant> readTenants(const std::string& folder,
                                const std::vector<std::string>& connectors,
                                config::Problems& problems) {
  std::vector<Tenant> tenants = config::loadTenants(folder, problems, connectors);
  for (const Tenant& tenant : tenants) checkRules(tenant, problems);
  return tenants;
}

}  // namespace junctor::app
