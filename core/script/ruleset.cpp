#include "script/ruleset.h"

#include <algorithm>
#include <set>

namespace junctor::script {
namespace {

// The types a clause names in full, or none if it has a glob or another operator.
std::optional<std::vector<std::string>> typesOf(const Matcher& matcher) {
  switch (matcher.kind) {
    case Matcher::Kind::Text:
      return std::vector<std::string>{matcher.text};
    case Matcher::Kind::Wildcard:
      return matcher.glob->literals();
    case Matcher::Kind::OneOf: {
      std::vector<std::string> all;
      for (const Matcher& child : matcher.children) {
        const auto types = typesOf(child);
        if (!types) return std::nullopt;
        all.insert(all.end(), types->begin(), types->end());
      }
      return all;
    }
    default:
      return std::nullopt;
  }
}

const Clause* typeClause(const RouteRule& rule, size_t type_slot) {
  for (const Clause& clause : rule.when) {
    if (clause.slot == type_slot) return &clause;
  }
  return nullptr;
}

}  // namespace

void RouteTable::buildIndex(size_t type_slot) {
  by_type_.clear();
  any_type_.clear();
  for (const RouteRule& rule : rules) {
    const Clause* clause = typeClause(rule, type_slot);
    const auto types = clause == nullptr ? std::nullopt : typesOf(clause->matcher);
    if (!types) continue;
    for (const std::string& type : *types) by_type_[type];
  }
  for (uint32_t i = 0; i < rules.size(); ++i) {
    const Clause* clause = typeClause(rules[i], type_slot);
    for (auto& [type, list] : by_type_) {
      if (clause == nullptr || clause->matcher.matches(Field::ofText(type))) list.push_back(i);
    }
    if (clause == nullptr || !typesOf(clause->matcher)) any_type_.push_back(i);
  }
}

const std::vector<uint32_t>& RouteTable::candidates(const std::string& type) const {
  const auto known = by_type_.find(type);
  return known == by_type_.end() ? any_type_ : known->second;
}

size_t CompiledRuleset::routeCount() const {
  size_t count = 0;
  for (const RouteTable& table : tables) count += table.rules.size();
  return count;
}

std::vector<std::string> CompiledRuleset::destinations() const {
  std::set<std::string> names;
  for (const RouteTable& table : tables) {
    names.insert(table.otherwise.begin(), table.otherwise.end());
    for (const RouteRule& rule : table.rules) names.insert(rule.to.begin(), rule.to.end());
  }
  return {names.begin(), names.end()};
}

size_t CompiledRuleset::slotOf(const Path& path) {
  for (size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].text == path.text) return i;
  }
  paths.push_back(path);
  return paths.size() - 1;
}

}  // namespace junctor::script
