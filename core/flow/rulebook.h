#pragma once
// Rulebook: every tenant's compiled rules and the catalog they belong to, as one immutable
// snapshot.
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "model/catalog.h"
#include "script/host.h"

namespace junctor::flow {

struct Rulebook {
  CatalogPtr catalog;
  std::map<std::string, script::RulesetPtr> rules;    // by tenant
  std::map<std::string, script::RulesetPtr> shadows;  // candidates, of tenants that try some

  const script::Ruleset* find(const std::string& tenant) const {
    const auto found = rules.find(tenant);
    return found == rules.end() ? nullptr : found->second.get();
  }
};
using RulebookPtr = std::shared_ptr<const Rulebook>;

// Never fails: a tenant whose rules do not compile has none, is logged, and its events become dead
// letters that can be replayed once the rules are mended. Apply refuses such rules beforehand.
// `mappings` are the shipped ones; may be null.
RulebookPtr buildRulebook(const CatalogPtr& catalog, const mapping::BookPtr& mappings,
                          script::RuleHost& host = script::localRules());
// The live rules with the shadows in place of those of their name.
std::vector<RuleScript> withShadows(const Tenant& tenant);
// What the rules of a tenant may use: its tables, its mappings over the shipped ones. Mappings
// that are wrong are left out, and told.
script::Surroundings surroundingsOf(const Tenant& tenant, const mapping::BookPtr& shipped,
                                    std::vector<std::string>& problems);

}  // namespace junctor::flow
