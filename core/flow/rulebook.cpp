#include "flow/rulebook.h"

#include <algorithm>

#include "base/log.h"

namespace junctor::flow {
namespace {

void compileInto(script::RuleHost& host, std::map<std::string, script::RulesetPtr>& book,
                 const std::string& tenant, const std::vector<RuleScript>& scripts,
                 const script::Surroundings& surroundings, const char* what) {
  auto rules = host.compile(scripts, surroundings);
  if (rules) {
    book.emplace(tenant, std::move(rules).value());
  } else {
    log::error("flow", {{"tenant", tenant}}, "{} do not compile: {}", what, rules.error().message);
  }
}

}  // namespace

script::Surroundings surroundingsOf(const Tenant& tenant, const mapping::BookPtr& shipped,
                                    std::vector<std::string>& problems) {
  return {mapping::Book::over(shipped, tenant.mappings, problems), tenant.tables};
}

std::vector<RuleScript> withShadows(const Tenant& tenant) {
  std::vector<RuleScript> scripts = tenant.rules;
  for (const RuleScript& shadow : tenant.shadows) {
    const auto live = std::find_if(scripts.begin(), scripts.end(), [&](const RuleScript& script) {
      return script.name == shadow.name;
    });
    if (live == scripts.end()) {
      scripts.push_back(shadow);
    } else {
      *live = shadow;
    }
  }
  std::sort(scripts.begin(), scripts.end(),
            [](const RuleScript& a, const RuleScript& b) { return a.name < b.name; });
  return scripts;
}

RulebookPtr buildRulebook(const CatalogPtr& catalog, const mapping::BookPtr& mappings,
                          script::RuleHost& host) {
  auto book = std::make_shared<Rulebook>();
  book->catalog = catalog;
  for (const auto& [id, tenant] : catalog->tenants) {
    std::vector<std::string> problems;
    const auto surroundings = surroundingsOf(tenant, mappings, problems);
    for (const std::string& problem : problems) log::error("flow", {{"tenant", id}}, "{}", problem);
    compileInto(host, book->rules, id, tenant.rules, surroundings, "rules");
    if (tenant.shadows.empty()) continue;
    compileInto(host, book->shadows, id, withShadows(tenant), surroundings, "shadow rules");
  }
  return book;
}

}  // namespace junctor::flow
