#pragma once
// Checks that need no server: tenant folders and their rules, all problems at once.
#include <string>
#include <vector>

#include "config/load.h"
#include "flow/tenant_check.h"
#include "model/catalog.h"

namespace junctor::app {

// Compiles the tenant's scripts, looks for routes to destinations that it does not have, and runs
// its tests. Tests that fail are in the result alone.
flow::TenantCheck checkRules(const Tenant& tenant, config::Problems& problems, bool coverage);

// Reads and checks a tenant folder, or a folder of them. `connectors` empty = not checked.
std::vector<Tenant> readTenants(const std::string& folder,
                                const std::vector<std::string>& connectors,
                                config::Problems& problems);

// What may be named on the command line: a tenant folder, or one script. Rule and tests, x.lua and
// x_test.lua, come together.
Result<Tenant> readRulePath(const std::string& path, config::Problems& problems);
// The shipped mappings; what is wrong with them is a problem.
mapping::BookPtr readShippedMappings(config::Problems& problems);

}  // namespace junctor::app
