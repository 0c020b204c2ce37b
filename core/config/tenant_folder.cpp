#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/limits.h"
#include "config/load.h"
#include "config/reader.h"
#include "config/suggest.h"
#include "config/tenant_reader.h"

namespace junctor::config {
namespace {

const std::vector<std::string> kTenantFiles = {"tenant.yaml", "integrations.yaml",
                                               "destinations.yaml"};

std::string lastPart(const std::string& path) {
  const std::string whole = absolutePath(path);
  const size_t end = whole.find_last_not_of('/');
  const size_t slash = whole.rfind('/', end);
  return whole.substr(slash + 1, end - slash);
}

bool isTenantFolder(const std::string& folder) {
  const auto has = [&](const std::string& name) { return fileExists(folder + "/" + name); };
  return std::any_of(kTenantFiles.begin(), kTenantFiles.end(), has) || isFolder(folder + "/rules");
}

// tenant.yaml may be left out: the folder's name is the id then.
void readTenantFile(const std::string& folder, Tenant& tenant, Problems& problems) {
  const std::string file = folder + "/tenant.yaml";
  if (!fileExists(file)) {
    tenant.id = lastPart(folder);
    if (const auto checked = checkName(tenant.id); !checked) {
      problems.push_back({folder, 0, "",
                          "a folder without tenant.yaml gives the tenant its id, "
                          "and that " +
                              checked.error().message});
    }
    tenant.name = tenant.id;
    return;
  }
  Node root;
  if (!readYaml(file, root, problems)) return;
  MapReader map(root, {file, ""}, problems);
  tenant.id = map.required("id", checkName);
  tenant.name = map.text("name");
  if (tenant.name.empty()) tenant.name = tenant.id;
  readQuotas(map, tenant, problems);
  map.finish();
}

template <class Read>
void readListFile(const std::string& folder, const std::string& key, Problems& problems,
                  Read read) {
  const std::string file = folder + "/" + key + ".yaml";
  if (!fileExists(file)) return;
  Node root;
  const size_t before = problems.size();
  readYaml(file, root, problems);
  const bool damaged = problems.size() > before && root.kind != Node::Kind::Map;
  if (damaged) return;  // nothing more can be said about it
  MapReader map(root, {file, ""}, problems);
  if (const Node* list = map.find(key)) {
    read(*list, map.at(key));
  } else if (root.kind == Node::Kind::Map) {
    map.problem(key, "is missing");
  }
  map.finish();
}

// Calls `take(name without extension, text, place)` for the files of a subfolder, by name.
template <class Take>
void readFiles(const std::string& folder, const std::string& extension, Problems& problems,
               Take take) {
  if (!fileExists(folder)) return;
  const auto names = listFolder(folder);
  if (!names) {
    problems.push_back({folder, 0, "", "cannot be read: " + names.error().message});
    return;
  }
  for (const std::string& name : *names) {
    if (!name.ends_with(extension)) continue;
    const std::string file = folder + "/" + name;
    auto text = readFile(file, limits::kConfigFileBytesMax);
    if (!text) {
      problems.push_back({file, 0, "", "cannot be read: " + text.error().message});
      continue;
    }
    take(name.substr(0, name.size() - extension.size()), std::move(*text), Place{file, ""});
  }
}

// A test may stand in tests/, or beside its rule as x_test.lua.
void readScripts(const std::string& folder, Tenant& tenant, Problems& problems) {
  readFiles(folder + "/rules", ".lua", problems,
            [&](const std::string& name, std::string text, const Place& place) {
              auto& list = name.ends_with("_test") ? tenant.tests : tenant.rules;
              addScript(name, std::move(text), place, tenant.id, list, problems);
            });
  readFiles(folder + "/tests", ".lua", problems,
            [&](const std::string& name, std::string text, const Place& place) {
              addScript(name, std::move(text), place, tenant.id, tenant.tests, problems);
            });
  std::stable_sort(tenant.tests.begin(), tenant.tests.end(),
                   [](const RuleScript& a, const RuleScript& b) { return a.name < b.name; });
  for (size_t i = 1; i < tenant.tests.size(); ++i) {
    if (tenant.tests[i].name != tenant.tests[i - 1].name) continue;
    problems.push_back({folder, 0, "", "two tests are named " + tenant.tests[i].name});
  }
}

void readTables(const std::string& folder, Tenant& tenant, Problems& problems) {
  readFiles(folder + "/tables", ".json", problems,
            [&](const std::string& name, std::string text, const Place& place) {
              addTable({name, std::move(text)}, place, tenant, problems);
            });
}

void readMappings(const std::string& folder, Tenant& tenant, Problems& problems) {
  const std::string mappings = folder + "/mappings";
  const auto connectors = listFolder(mappings);
  if (!connectors) return;
  for (const std::string& connector : *connectors) {
    if (!isFolder(mappings + "/" + connector)) {
      problems.push_back({mappings + "/" + connector, 0, "",
                          "mappings stand in mappings/<connector>/<object>.json"});
      continue;
    }
    readFiles(mappings + "/" + connector, ".json", problems,
              [&](const std::string& object, std::string text, const Place& place) {
                addMapping({connector, object, std::move(text)}, place, tenant, problems);
              });
  }
}

// A misspelt file would otherwise be left out without a word.
void refuseStrangeFiles(const std::string& folder, Problems& problems) {
  const auto names = listFolder(folder);
  if (!names) return;
  for (const std::string& name : *names) {
    const bool yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    const bool known =
        std::find(kTenantFiles.begin(), kTenantFiles.end(), name) != kTenantFiles.end();
    if (yaml && !known) {
      problems.push_back({folder + "/" + name, 0, "",
                          "unknown file in a tenant folder" + didYouMean(name, kTenantFiles)});
    }
    if (name.ends_with(".lua")) {
      problems.push_back(
          {folder + "/" + name, 0, "", "rule scripts belong into rules/, tests into tests/"});
    }
  }
}

void checkUnique(const std::vector<std::pair<std::string, Tenant>>& tenants, Problems& problems) {
  std::map<std::string, std::string> ids, integrations;  // -> folder
  for (const auto& [folder, tenant] : tenants) {
    const auto [known, fresh] = ids.emplace(tenant.id, folder);
    if (!fresh && !tenant.id.empty()) {
      problems.push_back(
          {folder, 0, "id", "tenant '" + tenant.id + "' is also in " + known->second});
    }
    for (const auto& [id, integration] : tenant.integrations) {
      const auto [other, unused] = integrations.emplace(id, folder);
      if (!unused && !id.empty()) {
        problems.push_back(
            {folder + "/integrations.yaml", 0, "integrations",
             "id '" + id + "' is also used in " + other->second +
                 ": it stands in the webhook URL, so it is unique over all tenants"});
      }
    }
  }
}

}  // namespace

Tenant loadTenantFolder(const std::string& folder, Problems& problems,
                        const std::vector<std::string>& connectors) {
  const ReadContext context{folder, connectors};
  Tenant tenant;
  if (!isFolder(folder)) {
    problems.push_back({folder, 0, "", "is no folder"});
    return tenant;
  }
  readTenantFile(folder, tenant, problems);
  readListFile(folder, "integrations", problems, [&](const Node& list, const Place& place) {
    readIntegrations(list, place, context, tenant, problems);
  });
  readListFile(folder, "destinations", problems, [&](const Node& list, const Place& place) {
    readDestinations(list, place, context, tenant, problems);
  });
  readScripts(folder, tenant, problems);
  readTables(folder, tenant, problems);
  readMappings(folder, tenant, problems);
  refuseStrangeFiles(folder, problems);
  return tenant;
}

std::vector<Tenant> loadTenants(const std::string& dir, Problems& problems,
                                const std::vector<std::string>& connectors) {
  std::vector<std::pair<std::string, Tenant>> found;
  const auto names = listFolder(dir);
  if (!names) {
    problems.push_back({dir, 0, "", "cannot be read: " + names.error().message});
  } else if (isTenantFolder(dir)) {
    found.emplace_back(dir, loadTenantFolder(dir, problems, connectors));
  } else {
    for (const std::string& name : *names) {
      const std::string folder = dir + "/" + name;
      if (isFolder(folder))
        found.emplace_back(folder, loadTenantFolder(folder, problems, connectors));
    }
    if (found.empty()) {
      problems.push_back({dir, 0, "",
                          "holds no tenant: expected tenant.yaml, integrations.yaml, "
                          "destinations.yaml or rules/, here or in subfolders"});
    }
  }
  checkUnique(found, problems);
  std::vector<Tenant> tenants;
  for (auto& [folder, tenant] : found) tenants.push_back(std::move(tenant));
  return tenants;
}

}  // namespace junctor::config
