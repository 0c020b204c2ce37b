#pragma once
// Nodes -> Integration, Destination, RuleScript. One reader for both forms a tenant comes in: the
// files of its folder and the JSON that travels to the server.
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "config/node.h"
#include "config/reader.h"
#include "model/catalog.h"

namespace junctor::config {

struct ReadContext {
  std::string folder;                   // where relative file: references start; "" = leave them
  std::vector<std::string> connectors;  // ids that exist; empty = not checked
};

// The tenant's own keys, besides id and name: weight and limits.
void readQuotas(MapReader& map, Tenant& tenant, Problems& problems);
// The limits as readQuotas() takes them; an empty object if there are none.
Json quotasToJson(const Quotas& quotas);
// "rate_limit" of a map.
void readRate(MapReader& map, std::string_view key, RateLimit& rate);

void readIntegrations(const Node& list, const Place& place, const ReadContext& context,
                      Tenant& tenant, Problems& problems);
void readDestinations(const Node& list, const Place& place, const ReadContext& context,
                      Tenant& tenant, Problems& problems);

// First 12 hex digits of the source's SHA-256.
std::string ruleVersion(const std::string& source);
// Adds the script to one of the tenant's lists if name, size and encoding are right.
void addScript(const std::string& name, std::string source, const Place& place,
               const std::string& tenant, std::vector<RuleScript>& scripts, Problems& problems);
void addMapping(MappingText mapping, const Place& place, Tenant& tenant, Problems& problems);
void addTable(LookupTable table, const Place& place, Tenant& tenant, Problems& problems);

}  // namespace junctor::config
