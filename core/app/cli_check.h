#pragma once
// Checks that need no server: tenant folders and their rules, all problems at once.
#include <string>
#include <vector>

#include "config/load.h"
#include "model/catalog.h"

namespace junctor::app {

// Compiles each script in the sandbox, then all together, and looks for routes to destinations that
// the tenant does not have.
void checkRules(const Tenant& tenant, config::Problems& problems);

// Reads and checks a tenant folder, or a folder of them. `connectors` empty = not checked.
std::vector<Tenant> readTenants(const std::string& folder,
                                const std::vector<std::string>& connectors,
                                config::Problems& problems);

}  // namespace junctor::app
