#pragma once
// Who may do what, as data. A token has one role and one tenant ("" = all tenants).
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace junctor::admin {

enum class Role { Owner, Admin, Operator, Viewer, Auditor };

enum class Permission {
  None,           // open to anybody
  ReadSystem,     // version, connectors, API description
  ReadMetrics,    // all tenants at once: needs a token for all tenants
  ReadConfig,     // integrations, destinations, rules; never secrets
  ReadEvents,     // events and deliveries, with what customers sent
  ReadLedger,     // counts only
  Operate,        // replay, retry, discard
  Act,            // act at providers, try integrations out
  Connect,        // give an integration a credential, or end it
  Apply,          // change what is configured: needs a token for all tenants
  EditRules,      // a tenant's rules and mappings
  ReadSecrets,    // names and fingerprints; never the secrets
  ManageSecrets,  // put, remove and shred a tenant's secrets, rotate its key
  ManageKeys,     // the key file's keys: needs a token for all tenants
  ReadTokens,     // who has access; never the tokens
  ReadAudit,      // who changed what: needs a token for all tenants
  ManageTokens,   // give and take access
};

std::string_view toString(Role role);
std::string_view toString(Permission permission);
std::optional<Role> parseRole(std::string_view text);
std::vector<Role> allRoles();
bool permits(Role role, Permission permission);
// Whether a token of one tenant is refused, whatever its role. Metrics name all tenants; what is
// configured names the server's variables and files, private addresses and unsigned integrations.
bool needsAllTenants(Permission permission);

}  // namespace junctor::admin
