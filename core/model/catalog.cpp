#include "model/catalog.h"

namespace junctor {

const Tenant* Catalog::findTenant(const std::string& id) const {
  const auto found = tenants.find(id);
  return found == tenants.end() ? nullptr : &found->second;
}

const Integration* Catalog::findIntegration(const std::string& id) const {
  for (const auto& [name, tenant] : tenants) {
    const auto found = tenant.integrations.find(id);
    if (found != tenant.integrations.end()) return &found->second;
  }
  return nullptr;
}

const Destination* Catalog::findDestination(const std::string& tenant,
                                            const std::string& name) const {
  const Tenant* owner = findTenant(tenant);
  if (!owner) return nullptr;
  const auto found = owner->destinations.find(name);
  return found == owner->destinations.end() ? nullptr : &found->second;
}

std::string_view toString(AtCap at) {
  switch (at) {
    case AtCap::Reject:
      return "reject";
    case AtCap::Park:
      return "park";
    case AtCap::DropBulk:
      return "drop_bulk";
  }
  return "";
}

std::string RateLimit::text() const {
  if (count == 0) return "";
  return std::to_string(count) + (per.count() == 1 ? "/s" : per.count() == 60 ? "/m" : "/h");
}

}  // namespace junctor
