#include "app/catalog_keeper.h"

#include <fmt/core.h>

#include "action/pacer.h"
#include "base/json_value.h"
#include "delivery/target.h"
#include "flow/rule_history.h"
#include "flow/tenant_check.h"
#include "ingest/endpoints.h"

namespace junctor::app {
namespace {

constexpr const char* kTenantKind = "tenant";

// One section of a tenant as name -> comparable text.
using Section = std::map<std::string, std::string>;

Section section(const Json& tenant, const char* list, const char* key) {
  Section out;
  if (!tenant.contains(list)) return out;
  for (const Json& item : tenant[list]) out[item.value(key, "")] = dumpJson(item);
  return out;
}

Section mappingsOf(const Json& tenant) {
  Section out;
  if (!tenant.contains("mappings")) return out;
  for (const Json& item : tenant["mappings"]) {
    out[item.value("connector", "") + "/" + item.value("object", "")] = dumpJson(item);
  }
  return out;
}

void compare(const std::string& tenant, const char* what, const Section& before,
             const Section& after, std::vector<std::string>& out) {
  for (const auto& [name, text] : after) {
    const auto old = before.find(name);
    if (old == before.end()) {
      out.push_back(fmt::format("{}: {} {} added", tenant, what, name));
    } else if (old->second != text) {
      out.push_back(fmt::format("{}: {} {} changed", tenant, what, name));
    }
  }
  for (const auto& [name, text] : before) {
    if (!after.contains(name)) out.push_back(fmt::format("{}: {} {} removed", tenant, what, name));
  }
}

void checkRules(const Tenant& tenant, const mapping::BookPtr& shipped, script::RuleHost& rules,
                std::vector<std::string>& problems) {
  for (const std::string& problem : flow::checkTenant(tenant, shipped, false, rules).told()) {
    problems.push_back(tenant.id + ": " + problem);
  }
}

}  // namespace

std::vector<std::string> describeChanges(const Tenant* before, const Tenant& after) {
  std::vector<std::string> out;
  const Json now = config::tenantToJson(after);
  const Json old = before ? config::tenantToJson(*before) : Json::object();
  if (!before) out.push_back(after.id + ": tenant added");
  if (before && before->name != after.name) out.push_back(after.id + ": name changed");
  compare(after.id, "integration", section(old, "integrations", "id"),
          section(now, "integrations", "id"), out);
  compare(after.id, "destination", section(old, "destinations", "name"),
          section(now, "destinations", "name"), out);
  for (const auto& [list, what] : {std::pair{"rules", "rule"}, std::pair{"tests", "test"},
                                   std::pair{"shadows", "shadow"}, std::pair{"tables", "table"}}) {
    compare(after.id, what, section(old, list, "name"), section(now, list, "name"), out);
  }
  compare(after.id, "mapping", mappingsOf(old), mappingsOf(now), out);
  return out;
}

CatalogKeeper::CatalogKeeper(store::Store& store, const plugin::Registry& registry,
                             const config::SecretSource& secrets, mapping::BookPtr shipped,
                             script::RuleHost& rules, OnChange on_change)
    : store_(store),
      registry_(registry),
      secrets_(secrets),
      shipped_(std::move(shipped)),
      rules_(rules),
      on_change_(std::move(on_change)),
      catalog_(std::make_shared<const Catalog>()) {}

Result<CatalogPtr> CatalogKeeper::stored() const {
  JUNCTOR_TRY(const auto documents, store_.documents(kTenantKind));
  auto catalog = std::make_shared<Catalog>();
  for (const auto& [id, text] : documents) {
    JUNCTOR_TRY(const Json json, parseJson(text));
    JUNCTOR_TRY(Tenant tenant, config::tenantFromJson(json));
    catalog->tenants[id] = std::move(tenant);
  }
  return CatalogPtr(std::move(catalog));
}

Result<void> CatalogKeeper::load() {
  std::lock_guard applying(applying_);
  JUNCTOR_TRY(CatalogPtr catalog, stored());
  on_change_(catalog);
  std::lock_guard lock(mutex_);
  catalog_ = std::move(catalog);
  return {};
}

Result<void> CatalogKeeper::follow() {
  std::lock_guard applying(applying_);
  return followLocked();
}

Result<void> CatalogKeeper::followLocked() {
  JUNCTOR_TRY(CatalogPtr now, stored());
  const CatalogPtr before = current();
  bool same = now->tenants.size() == before->tenants.size();
  for (const auto& [id, tenant] : now->tenants) {
    const Tenant* known = before->findTenant(id);
    same = same && known &&
           dumpJson(config::tenantToJson(*known)) == dumpJson(config::tenantToJson(tenant));
  }
  if (same) return {};
  on_change_(now);
  std::lock_guard lock(mutex_);
  catalog_ = std::move(now);
  return {};
}

void CatalogKeeper::announce() {
  std::lock_guard applying(applying_);
  on_change_(current());
}

CatalogPtr CatalogKeeper::current() const {
  std::lock_guard lock(mutex_);
  return catalog_;
}

Result<ApplyReport> CatalogKeeper::apply(std::vector<Tenant> tenants, bool dry_run) {
  std::lock_guard applying(applying_);
  if (store_.lane() >= 0) JUNCTOR_CHECK(followLocked());  // what other nodes stored stays
  return replace(std::move(tenants), dry_run);
}

Result<ApplyReport> CatalogKeeper::edit(const std::string& id, const Change& change, bool dry_run) {
  std::lock_guard applying(applying_);
  if (store_.lane() >= 0) JUNCTOR_CHECK(followLocked());
  const CatalogPtr catalog = current();
  const Tenant* found = catalog->findTenant(id);
  if (!found) return notFound("there is no tenant " + id);
  Tenant tenant = *found;
  JUNCTOR_CHECK(change(tenant));
  return replace({std::move(tenant)}, dry_run);
}

Result<ApplyReport> CatalogKeeper::replace(std::vector<Tenant> tenants, bool dry_run) {
  const CatalogPtr before = current();
  auto merged = std::make_shared<Catalog>(*before);
  ApplyReport report;
  for (const Tenant& tenant : tenants) {
    for (std::string& change : describeChanges(before->findTenant(tenant.id), tenant)) {
      report.changes.push_back(std::move(change));
    }
    merged->tenants[tenant.id] = tenant;
  }
  for (const Tenant& tenant : tenants) {
    for (std::string& problem : problemsOf(tenant, *merged)) {
      report.problems.push_back(std::move(problem));
    }
  }
  if (!report.problems.empty() || dry_run) return report;
  JUNCTOR_CHECK(save(tenants, *before));
  on_change_(merged);
  std::lock_guard lock(mutex_);
  catalog_ = std::move(merged);
  return report;
}

Result<void> CatalogKeeper::rateOf(const Integration& integration) const {
  const auto connector = registry_.find(integration.connector);
  if (connector) JUNCTOR_CHECK(action::paceOf(connector->manifest(), integration));
  return {};
}

std::vector<std::string> CatalogKeeper::problemsOf(const Tenant& tenant,
                                                   const Catalog& merged) const {
  std::vector<std::string> problems;
  for (const auto& [id, integration] : tenant.integrations) {
    for (const auto& [other_id, other] : merged.tenants) {
      if (other_id == tenant.id || !other.integrations.contains(id)) continue;
      problems.push_back(fmt::format(
          "{}: integration {}: the id is taken by tenant {} (it stands in the webhook URL)",
          tenant.id, id, other_id));
    }
    if (auto usable = ingest::checkIntegration(integration, registry_, secrets_); !usable) {
      problems.push_back(
          fmt::format("{}: integration {}: {}", tenant.id, id, usable.error().message));
    } else if (const auto rate = rateOf(integration); !rate) {
      problems.push_back(
          fmt::format("{}: integration {}: {}", tenant.id, id, rate.error().message));
    }
  }
  for (const auto& [name, destination] : tenant.destinations) {
    if (auto usable = delivery::checkDestination(destination, secrets_); !usable) {
      problems.push_back(
          fmt::format("{}: destination {}: {}", tenant.id, name, usable.error().message));
    }
  }
  checkRules(tenant, shipped_, rules_, problems);
  return problems;
}

Result<void> CatalogKeeper::save(const std::vector<Tenant>& tenants, const Catalog& before) {
  flow::RuleHistory history(store_, systemClock());
  for (const Tenant& tenant : tenants) {
    JUNCTOR_CHECK(history.record(before.findTenant(tenant.id), tenant));
    JUNCTOR_CHECK(
        store_.putDocument(kTenantKind, tenant.id, dumpJson(config::tenantToJson(tenant))));
  }
  return {};
}

}  // namespace junctor::app
