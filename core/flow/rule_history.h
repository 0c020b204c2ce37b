#pragma once
// RuleHistory: every version of a tenant's scripts that was ever drafted or live, in the store's
// documents. A version is named by its content and never changes; its state is what the tenant's
// configuration says now.
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/catalog.h"
#include "store/store.h"

namespace junctor::flow {

enum class RuleState { Draft, Shadow, Live, Retired };
std::string_view toString(RuleState state);

struct RuleVersion {
  RuleScript script;
  RuleState state = RuleState::Draft;
  std::string note;
  int64_t created_at_ms = 0;
  int64_t live_at_ms = 0;  // when it last went live; 0 = never
  int64_t retired_at_ms = 0;
};

class RuleHistory {
 public:
  RuleHistory(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // Of one script, or of all ("" name); what went live last comes first, then by age.
  Result<std::vector<RuleVersion>> versions(const Tenant& tenant, const std::string& name);
  // NotFound if there is no such version. `version` may be cut to at least 4 digits.
  Result<RuleVersion> find(const Tenant& tenant, const std::string& name,
                           const std::string& version);
  // The version that was live before the one that is.
  Result<RuleVersion> previous(const Tenant& tenant, const std::string& name);
  Result<void> draft(const std::string& tenant, const RuleScript& script, const std::string& note);
  // Notes what went live and what was retired between two states of a tenant; `before` may be null.
  Result<void> record(const Tenant* before, const Tenant& after);

 private:
  Result<std::vector<RuleVersion>> stored(const std::string& tenant, const std::string& name);
  Result<void> put(const std::string& tenant, const RuleVersion& version);
  Result<void> wentLive(const std::string& tenant, const RuleScript& script);
  Result<void> prune(const Tenant& tenant, const std::string& name);
  Result<std::optional<std::set<std::string>>> underWay(const std::string& tenant);

  store::Store& store_;
  const Clock& clock_;
};

}  // namespace junctor::flow
