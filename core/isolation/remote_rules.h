#pragma once
// RemoteRuleset: a tenant's rules that are compiled and run in worker processes. This process holds
// their text, which any worker can be told, and what a worker said they declare.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "isolation/rule_messages.h"

namespace junctor::isolation {

class RemoteRuleset final : public script::Ruleset,
                            public std::enable_shared_from_this<RemoteRuleset> {
 public:
  RemoteRuleset(uint64_t id, std::vector<RuleScript> scripts, script::Surroundings surroundings);

  // What a worker made of it. InvalidArgument: that cannot be.
  Result<void> adopt(RulesetSummary summary);

  size_t routeCount() const override { return summary_.routes; }
  size_t normalizerCount() const override { return summary_.normalizers; }
  size_t flowCount() const override { return summary_.flows.size(); }
  const script::FlowInfo* flow(std::string_view name, std::string_view rule_version) const override;
  std::vector<script::FlowInfo> flowInfos() const override { return summary_.flows; }
  std::vector<std::string> destinations() const override { return summary_.destinations; }
  std::vector<std::string> versions() const override { return summary_.versions; }
  const std::string& versionText() const override { return summary_.version_text; }
  mapping::EntryPtr mapping(std::string_view name) const override;
  std::vector<mapping::EntryPtr> mappings() const override;

  bool sendsTo(const std::string& destination) const { return destinations_.contains(destination); }
  uint64_t id() const { return id_; }
  const std::vector<RuleScript>& scripts() const { return scripts_; }
  const script::Surroundings& surroundings() const { return surroundings_; }
  // Whose crashes count together: the tenant and these versions. Of people's words.
  const std::string& key() const { return key_; }

 private:
  const uint64_t id_;
  const std::vector<RuleScript> scripts_;
  const script::Surroundings surroundings_;
  std::string key_;
  RulesetSummary summary_;
  std::set<std::string> destinations_;
  std::map<std::string, mapping::EntryPtr, std::less<>> declared_;
};

}  // namespace junctor::isolation
