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

void readRules(const std::string& folder, Tenant& tenant, Problems& problems) {
  const std::string rules = folder + "/rules";
  if (!fileExists(rules)) return;
  const auto names = listFolder(rules);
  if (!names) {
    problems.push_back({rules, 0, "", "cannot be read: " + names.error().message});
    return;
  }
  for (const std::string& name : *names) {
    if (!name.ends_with(".lua")) continue;
    const std::string file = rules + "/" + name;
    auto source = readFile(file, limits::kConfigFileBytesMax);
    if (!source) {
      problems.push_back({file, 0, "", "cannot be read: " + source.error().message});
      continue;
    }
    addRule(name.substr(0, name.size() - 4), std::move(*source), {file, ""}, tenant, problems);
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
      problems.push_back({folder + "/" + name, 0, "", "rule scripts belong into rules/"});
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
  readRules(folder, tenant, problems);
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
