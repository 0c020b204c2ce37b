#include <algorithm>
#include <tuple>

#include "base/json_value.h"
#include "config/load.h"
#include "config/reader.h"
#include "config/tenant_reader.h"

namespace junctor::config {
namespace {

Json secretsToJson(const std::vector<SecretRef>& secrets) {
  Json list = Json::array();
  for (const SecretRef& secret : secrets) list.push_back(secret.text);
  return list;
}

Json integrationToJson(const Integration& integration) {
  Json json = {{"id", integration.id}, {"connector", integration.connector}};
  if (!integration.webhook_secrets.empty()) {
    json["webhook_secrets"] = secretsToJson(integration.webhook_secrets);
  }
  if (auto settings = parseJson(integration.settings_json); settings && !settings->empty()) {
    json["settings"] = std::move(*settings);
  }
  if (integration.unsigned_ok) json["unsigned"] = true;
  if (!integration.public_url.empty()) json["public_url"] = integration.public_url;
  if (!integration.enabled) json["enabled"] = false;
  if (integration.body_bytes_max > 0) json["body_bytes_max"] = integration.body_bytes_max;
  if (!integration.allow_from.empty()) json["allow_from"] = integration.allow_from;
  if (integration.allow_private) json["allow_private"] = true;
  if (integration.rate.count > 0) json["rate_limit"] = integration.rate.text();
  return json;
}

Json destinationToJson(const Destination& destination) {
  Json json = {{"name", destination.name}, {"type", destination.type}};
  if (!destination.url.empty()) json["url"] = destination.url;
  if (!destination.signing_secrets.empty()) {
    json["signing_secrets"] = secretsToJson(destination.signing_secrets);
  }
  if (destination.allow_private) json["allow_private"] = true;
  if (!destination.retry.schedule.empty()) {
    Json schedule = Json::array();
    for (const auto wait : destination.retry.schedule) schedule.push_back(formatDuration(wait));
    json["retry"] = {{"schedule", std::move(schedule)}};
  }
  for (const auto& [name, value] : destination.headers) json["headers"][name] = value;
  if (destination.timeout.count() > 0) json["timeout"] = formatDuration(destination.timeout);
  if (destination.concurrency > 0) json["concurrency"] = destination.concurrency;
  if (destination.rate.count > 0) json["rate_limit"] = destination.rate.text();
  if (destination.binary_mode) json["mode"] = "binary";
  return json;
}

void readScripts(const Node& list, const Place& place, const std::string& tenant,
                 std::vector<RuleScript>& scripts, Problems& problems) {
  if (list.kind != Node::Kind::List) {
    problems.push_back({place.file, 0, place.path, "must be a list"});
    return;
  }
  for (size_t i = 0; i < list.items.size(); ++i) {
    MapReader map(list.items[i], place.index(i), problems);
    const std::string name = map.required("name");
    const std::string version = map.text("version");
    addScript(name, map.text("source"), place.index(i), tenant, scripts, problems);
    if (!version.empty() && version != scripts.back().version) {
      map.problem("version", "is not the hash of the source");
    }
    map.finish();
  }
  const auto byName = [](const RuleScript& a, const RuleScript& b) { return a.name < b.name; };
  std::stable_sort(scripts.begin(), scripts.end(), byName);
  const auto sameName = [](const RuleScript& a, const RuleScript& b) { return a.name == b.name; };
  const auto twice = std::adjacent_find(scripts.begin(), scripts.end(), sameName);
  if (twice != scripts.end()) {
    problems.push_back({place.file, 0, place.path, "'" + twice->name + "' is there twice"});
  }
}

Json scriptsToJson(const std::vector<RuleScript>& scripts) {
  Json list = Json::array();
  for (const RuleScript& script : scripts) {
    list.push_back({{"name", script.name}, {"version", script.version}, {"source", script.source}});
  }
  return list;
}

// Mappings and tables travel as text, so that no number in them is rounded on the way.
void readTexts(MapReader& map, Tenant& tenant, Problems& problems) {
  map.list("mappings", [&](const Node& item, const Place& place) {
    MapReader one(item, place, problems);
    MappingText mapping{one.required("connector"), one.required("object"), one.text("document")};
    one.finish();
    addMapping(std::move(mapping), place, tenant, problems);
  });
  std::stable_sort(tenant.mappings.begin(), tenant.mappings.end(),
                   [](const MappingText& a, const MappingText& b) {
                     return std::tie(a.connector, a.object) < std::tie(b.connector, b.object);
                   });
  map.list("tables", [&](const Node& item, const Place& place) {
    MapReader one(item, place, problems);
    LookupTable table{one.required("name"), one.text("document")};
    one.finish();
    addTable(std::move(table), place, tenant, problems);
  });
}

Json textsToJson(const Tenant& tenant) {
  Json json = Json::object();
  for (const MappingText& mapping : tenant.mappings) {
    json["mappings"].push_back(
        {{"connector", mapping.connector}, {"object", mapping.object}, {"document", mapping.json}});
  }
  for (const LookupTable& table : tenant.tables) {
    json["tables"].push_back({{"name", table.name}, {"document", table.json}});
  }
  return json;
}

}  // namespace

Json tenantToJson(const Tenant& tenant) {
  Json json = {{"id", tenant.id}, {"name", tenant.name}};
  if (tenant.weight != 1) json["weight"] = tenant.weight;
  if (Json quotas = quotasToJson(tenant.quotas); !quotas.empty())
    json["limits"] = std::move(quotas);
  json["integrations"] = Json::array();
  for (const auto& [id, integration] : tenant.integrations) {
    json["integrations"].push_back(integrationToJson(integration));
  }
  json["destinations"] = Json::array();
  for (const auto& [name, destination] : tenant.destinations) {
    json["destinations"].push_back(destinationToJson(destination));
  }
  json["rules"] = scriptsToJson(tenant.rules);
  if (!tenant.tests.empty()) json["tests"] = scriptsToJson(tenant.tests);
  if (!tenant.shadows.empty()) json["shadows"] = scriptsToJson(tenant.shadows);
  json.update(textsToJson(tenant));
  return json;
}

Result<Tenant> tenantFromJson(const Json& json) {
  const Node root = nodeFromJson(json);
  Problems problems;
  MapReader map(root, {}, problems);
  Tenant tenant;
  tenant.id = map.required("id", checkName);
  tenant.name = map.text("name");
  if (tenant.name.empty()) tenant.name = tenant.id;
  readQuotas(map, tenant, problems);
  if (const Node* list = map.find("integrations")) {
    readIntegrations(*list, map.at("integrations"), {}, tenant, problems);
  }
  if (const Node* list = map.find("destinations")) {
    readDestinations(*list, map.at("destinations"), {}, tenant, problems);
  }
  for (const auto& [name, scripts] :
       {std::pair{"rules", &tenant.rules}, std::pair{"tests", &tenant.tests},
        std::pair{"shadows", &tenant.shadows}}) {
    const Node* list = map.find(name);
    if (list) readScripts(*list, map.at(name), tenant.id, *scripts, problems);
  }
  readTexts(map, tenant, problems);
  map.finish();
  if (problems.empty()) return tenant;
  std::string all;
  for (const Problem& problem : problems) all += (all.empty() ? "" : "; ") + format(problem);
  return invalidArgument(all);
}

}  // namespace junctor::config
