#include "flow/rulebook.h"

#include "base/log.h"

namespace junctor::flow {

RulebookPtr buildRulebook(const CatalogPtr& catalog) {
  auto book = std::make_shared<Rulebook>();
  book->catalog = catalog;
  for (const auto& [id, tenant] : catalog->tenants) {
    auto rules = script::compileRules(tenant.rules);
    if (rules) {
      book->rules.emplace(id, std::move(rules).value());
    } else {
      log::error("flow", {{"tenant", id}}, "rules do not compile: {}", rules.error().message);
    }
  }
  return book;
}

}  // namespace junctor::flow
