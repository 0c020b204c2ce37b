#include "isolation/remote_rules.h"

#include "crypto/hash.h"

namespace junctor::isolation {

RemoteRuleset::RemoteRuleset(uint64_t id, std::vector<RuleScript> scripts,
                             script::Surroundings surroundings)
    : id_(id), scripts_(std::move(scripts)), surroundings_(std::move(surroundings)) {
  std::string versions;
  for (const RuleScript& script : scripts_) versions += script::labelOf(script) + " ";
  constexpr size_t kDigits = 12;
  if (!scripts_.empty()) key_ = scripts_.front().tenant + "@";
  key_ += crypto::sha256Hex(versions).substr(0, kDigits);
}

Result<void> RemoteRuleset::adopt(RulesetSummary summary) {
  for (const std::string& json : summary.mappings) {
    JUNCTOR_TRY(const mapping::Value value, mapping::parseValue(json));
    JUNCTOR_TRY(mapping::Mapping mapping, mapping::readMapping(value));
    const auto entry = mapping::makeEntry(std::move(mapping), mapping::Entry::From::Rule);
    declared_[entry->name()] = entry;
  }
  // What this process knows by itself is not believed.
  summary.versions.clear();
  summary.version_text.clear();
  for (const RuleScript& script : scripts_) {
    summary.versions.push_back(script::labelOf(script));
    summary.version_text += (summary.version_text.empty() ? "" : " ") + summary.versions.back();
  }
  for (const script::FlowInfo& flow : summary.flows) {
    const auto& known = summary.versions;
    if (std::find(known.begin(), known.end(), flow.rule_version) == known.end()) {
      return invalidArgument("a flow of no script");
    }
  }
  summary_ = std::move(summary);
  destinations_ = {summary_.destinations.begin(), summary_.destinations.end()};
  return {};
}

const script::FlowInfo* RemoteRuleset::flow(std::string_view name,
                                            std::string_view rule_version) const {
  for (const script::FlowInfo& flow : summary_.flows) {
    if (flow.name == name && flow.rule_version == rule_version) return &flow;
  }
  return nullptr;
}

mapping::EntryPtr RemoteRuleset::mapping(std::string_view name) const {
  const auto declared = declared_.find(name);
  if (declared != declared_.end()) return declared->second;
  return surroundings_.mappings ? surroundings_.mappings->find(name) : nullptr;
}

std::vector<mapping::EntryPtr> RemoteRuleset::mappings() const {
  std::map<std::string, mapping::EntryPtr, std::less<>> all = declared_;
  if (surroundings_.mappings) {
    for (const auto& entry : surroundings_.mappings->all()) all.emplace(entry->name(), entry);
  }
  std::vector<mapping::EntryPtr> list;
  for (const auto& [name, entry] : all) list.push_back(entry);
  return list;
}

}  // namespace junctor::isolation
