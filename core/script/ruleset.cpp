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
  for (const RouteTable& table : routes) count += table.rules.size();
  return count;
}

std::vector<std::string> CompiledRuleset::destinations() const {
  std::set<std::string> names;
  for (const RouteTable& table : routes) {
    for (const Target& target : table.otherwise) names.insert(target.destination);
    for (const RouteRule& rule : table.rules) {
      for (const Target& target : rule.to) names.insert(target.destination);
    }
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> CompiledRuleset::versions() const {
  std::vector<std::string> labels;
  for (const ScriptText& script : scripts) labels.push_back(script.label);
  return labels;
}

std::vector<FlowInfo> CompiledRuleset::flowInfos() const {
  std::vector<FlowInfo> all;
  for (const Flow& flow : flows) all.push_back(flow.info);
  return all;
}

const FlowInfo* CompiledRuleset::flow(std::string_view name, std::string_view rule_version) const {
  for (const Flow& flow : flows) {
    if (flow.info.name == name && flow.info.rule_version == rule_version) return &flow.info;
  }
  return nullptr;
}

mapping::EntryPtr CompiledRuleset::mapping(std::string_view name) const {
  const auto declared = maps.find(name);
  if (declared != maps.end()) return declared->second.entry;
  return book ? book->find(name) : nullptr;
}

std::vector<mapping::EntryPtr> CompiledRuleset::mappings() const {
  std::map<std::string, mapping::EntryPtr> all;
  if (book) {
    for (const auto& entry : book->all()) all[entry->name()] = entry;
  }
  for (const auto& [name, map] : maps) all[name] = map.entry;
  std::vector<mapping::EntryPtr> list;
  for (auto& [name, entry] : all) list.push_back(std::move(entry));
  return list;
}

size_t CompiledRuleset::slotOf(const Path& path) {
  for (size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].text == path.text) return i;
  }
  paths.push_back(path);
  return paths.size() - 1;
}

}  // namespace junctor::script
