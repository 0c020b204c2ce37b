#pragma once
// CatalogKeeper: what is configured, kept in the store and compiled for the engine. Apply is
// declarative and all-or-nothing: a tenant is replaced as given, or every reason why not is told.
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "admin/services.h"
#include "config/load.h"
#include "mapping/book.h"
#include "model/catalog.h"
#include "plugin/connector.h"
#include "store/store.h"

namespace junctor::app {

using admin::ApplyReport;

class CatalogKeeper {
 public:
  // Called with each new catalog, one at a time, before apply() returns.
  using OnChange = std::function<void(const CatalogPtr&)>;

  CatalogKeeper(store::Store& store, const plugin::Registry& registry,
                const config::SecretSource& secrets, mapping::BookPtr shipped,
                script::RuleHost& rules, OnChange on_change);

  // Reads the stored catalog and announces it.
  Result<void> load();
  CatalogPtr current() const;
  // Reads the stored catalog again and announces it if another process of the cluster changed it.
  Result<void> follow();
  // Announces the catalog again: what it is compiled against has changed.
  void announce();
  // Any thread. Unavailable if the store refuses the write; what was stored before it stays.
  Result<ApplyReport> apply(std::vector<Tenant> tenants, bool dry_run);
  // Changes one tenant, judged as apply() judges. What `change` refuses is the result.
  using Change = std::function<Result<void>(Tenant&)>;
  Result<ApplyReport> edit(const std::string& tenant, const Change& change, bool dry_run);

 private:
  Result<CatalogPtr> stored() const;
  Result<void> followLocked();
  Result<ApplyReport> replace(std::vector<Tenant> tenants, bool dry_run);
  // Is its setting rate_limit a rate?
  Result<void> rateOf(const Integration& integration) const;
  std::vector<std::string> problemsOf(const Tenant& tenant, const Catalog& merged) const;
  Result<void> save(const std::vector<Tenant>& tenants, const Catalog& before);

  store::Store& store_;
  const plugin::Registry& registry_;
  const config::SecretSource& secrets_;
  const mapping::BookPtr shipped_;
  script::RuleHost& rules_;
  const OnChange on_change_;
  std::mutex applying_;  // one apply at a time
  mutable std::mutex mutex_;
  CatalogPtr catalog_;  // guarded by mutex_
};

// What differs between two states of one tenant, in words; `before` may be null.
std::vector<std::string> describeChanges(const Tenant* before, const Tenant& after);

}  // namespace junctor::app
