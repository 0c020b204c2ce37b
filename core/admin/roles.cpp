#include "admin/roles.h"

#include <array>

namespace junctor::admin {
namespace {

constexpr std::array<std::string_view, 5> kRoles = {"owner", "admin", "operator", "viewer",
                                                    "auditor"};

struct Grant {
  Permission permission;
  std::string_view name;
  bool owner, admin, operator_, viewer, auditor;
};
// An auditor sees who may do what and whether the counts add up, but nothing customers sent.
constexpr std::array<Grant, 17> kGrants = {{
    //                                           owner admin oper. viewer auditor
    {Permission::None, "none", true, true, true, true, true},
    {Permission::ReadSystem, "read_system", true, true, true, true, true},
    {Permission::ReadMetrics, "read_metrics", true, true, true, true, true},
    {Permission::ReadConfig, "read_config", true, true, true, true, true},
    {Permission::ReadEvents, "read_events", true, true, true, true, false},
    {Permission::ReadLedger, "read_ledger", true, true, true, true, true},
    {Permission::Operate, "operate", true, true, true, false, false},
    {Permission::Act, "act", true, true, true, false, false},
    {Permission::Connect, "connect", true, true, false, false, false},
    {Permission::Apply, "apply", true, true, false, false, false},
    {Permission::EditRules, "edit_rules", true, true, false, false, false},
    {Permission::ReadSecrets, "read_secrets", true, true, false, false, true},
    {Permission::ManageSecrets, "manage_secrets", true, true, false, false, false},
    {Permission::ManageKeys, "manage_keys", true, true, false, false, false},
    {Permission::ReadTokens, "read_tokens", true, true, false, false, true},
    {Permission::ReadAudit, "read_audit", true, true, false, false, true},
    {Permission::ManageTokens, "manage_tokens", true, false, false, false, false},
}};

const Grant& grantOf(Permission permission) {
  for (const Grant& grant : kGrants) {
    if (grant.permission == permission) return grant;
  }
  static constexpr Grant kNobody = {Permission::None, "", false, false, false, false, false};
  return kNobody;
}

}  // namespace

std::string_view toString(Role role) {
  return kRoles[static_cast<size_t>(role)];
}
std::string_view toString(Permission permission) {
  return grantOf(permission).name;
}

std::optional<Role> parseRole(std::string_view text) {
  for (const Role role : allRoles()) {
    if (toString(role) == text) return role;
  }
  return std::nullopt;
}

std::vector<Role> allRoles() {
  return {Role::Owner, Role::Admin, Role::Operator, Role::Viewer, Role::Auditor};
}

bool permits(Role role, Permission permission) {
  const Grant& grant = grantOf(permission);
  switch (role) {
    case Role::Owner:
      return grant.owner;
    case Role::Admin:
      return grant.admin;
    case Role::Operator:
      return grant.operator_;
    case Role::Viewer:
      return grant.viewer;
    case Role::Auditor:
      return grant.auditor;
  }
  return false;
}

bool needsAllTenants(Permission permission) {
  return permission == Permission::ReadMetrics || permission == Permission::Apply ||
         permission == Permission::ManageKeys || permission == Permission::ReadAudit;
}

}  // namespace junctor::admin
