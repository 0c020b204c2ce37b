#pragma once
// Rulebook: every tenant's compiled rules and the catalog they belong to, as one immutable
// snapshot.
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "model/catalog.h"
#include "script/rules.h"

namespace junctor::flow {

struct Rulebook {
  CatalogPtr catalog;
  std::map<std::string, script::RulesetPtr> rules;  // by tenant

  const script::Ruleset* find(const std::string& tenant) const {
    const auto found = rules.find(tenant);
    return found == rules.end() ? nullptr : found->second.get();
  }
};
using RulebookPtr = std::shared_ptr<const Rulebook>;

// Never fails: a tenant whose rules do not compile has none, is logged, and its events become dead
// letters that can be replayed once the rules are mended. Apply refuses such rules beforehand.
RulebookPtr buildRulebook(const CatalogPtr& catalog);

}  // namespace junctor::flow
