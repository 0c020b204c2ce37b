#include "app/cli_check.h"

#include "app/paths.h"
#include "base/files.h"
#include "base/limits.h"
#include "crypto/hash.h"

namespace junctor::app {
namespace {

// A problem of a script is told with its file.
config::Problem problemOf(const Tenant& tenant, const script::RuleProblem& problem) {
  const std::string folder = tenant.id + "/rules";
  const std::string file =
      problem.script.empty() ? tenant.id : folder + "/" + problem.script + ".lua";
  return {file, 0, "", problem.message};
}

// A script on its own uses the tables of the tenant folder that it stands in, if it does.
void readTables(const std::string& folder, Tenant& tenant) {
  const auto names = listFolder(folder);
  if (!names) return;
  for (const std::string& name : *names) {
    constexpr size_t kExtension = 5;  // .json
    auto text = readFile(folder + "/" + name, limits::kLookupTableBytesMax);
    if (!name.ends_with(".json") || !text) continue;
    tenant.tables.push_back({name.substr(0, name.size() - kExtension), std::move(*text)});
  }
}

}  // namespace

mapping::BookPtr readShippedMappings(config::Problems& problems) {
  std::vector<std::string> damaged;
  auto shipped = mapping::Book::shipped(mappingsFolder(), damaged);
  for (const std::string& problem : damaged) problems.push_back({"", 0, "", problem});
  return shipped;
}

Result<Tenant> readRulePath(const std::string& path, config::Problems& problems) {
  if (isFolder(path)) return config::loadTenantFolder(path, problems);
  constexpr size_t kExtension = 4;  // .lua
  const auto scriptAt = [](const std::string& file) -> Result<RuleScript> {
    JUNCTOR_TRY(std::string source, readFile(file, limits::kConfigFileBytesMax));
    std::string name = file.substr(file.rfind('/') + 1);
    if (name.ends_with(".lua")) name.resize(name.size() - kExtension);
    const std::string version = crypto::sha256Hex(source).substr(0, 12);
    return RuleScript{"", name, std::move(source), version};
  };
  constexpr std::string_view kTest = "_test.lua";
  const bool is_test = path.ends_with(kTest);
  const std::string stem = path.substr(0, path.size() - (is_test ? kTest.size() : kExtension));
  Tenant tenant;
  readTables(path.substr(0, path.rfind('/') + 1) + "../tables", tenant);
  JUNCTOR_TRY(RuleScript named, scriptAt(path));
  (is_test ? tenant.tests : tenant.rules).push_back(std::move(named));
  const std::string other = stem + (is_test ? ".lua" : "_test.lua");
  if (!path.ends_with(".lua") || !fileExists(other)) return tenant;
  JUNCTOR_TRY(RuleScript beside, scriptAt(other));
  (is_test ? tenant.rules : tenant.tests).push_back(std::move(beside));
  return tenant;
}

flow::TenantCheck checkRules(const Tenant& tenant, config::Problems& problems, bool coverage) {
  flow::TenantCheck check = flow::checkTenant(tenant, readShippedMappings(problems), coverage);
  for (const auto& problem : check.problems) problems.push_back(problemOf(tenant, problem));
  for (const std::string& problem : check.tests.problems) {
    problems.push_back({tenant.id + "/tests", 0, "", problem});
  }
  return check;
}

std::vector<Tenant> readTenants(const std::string& folder,
                                const std::vector<std::string>& connectors,
                                config::Problems& problems) {
  std::vector<Tenant> tenants = config::loadTenants(folder, problems, connectors);
  for (const Tenant& tenant : tenants) {
    const auto check = checkRules(tenant, problems, false);
    for (const auto& test : check.tests.results) {
      if (!test.passed) problems.push_back({tenant.id + "/tests", 0, test.name, test.message});
    }
  }
  return tenants;
}

}  // namespace junctor::app
