#include "steps/pinned_rules.h"

#include "flow/rule_history.h"

namespace junctor::steps {
namespace {

constexpr size_t kEarlierMax = 256;  // compiled versions kept

}  // namespace

// Tables and mappings may have changed with the book: earlier versions see today's.
void PinnedRules::adopt(flow::RulebookPtr book) {
  std::lock_guard lock(mutex_);
  book_ = std::move(book);
  earlier_.clear();
}

Result<PinnedFlow> PinnedRules::find(const std::string& tenant, const std::string& flow,
                                     const std::string& rule_version) {
  flow::RulebookPtr book;
  script::RulesetPtr rules;
  {
    std::lock_guard lock(mutex_);
    book = book_;
    const auto kept = earlier_.find({tenant, rule_version});
    if (kept != earlier_.end()) rules = kept->second;
  }
  if (!book) return unavailable("the rules are not loaded yet");
  if (!rules) {
    const auto live = book->rules.find(tenant);
    if (live != book->rules.end() && live->second->flow(flow, rule_version)) rules = live->second;
  }
  if (!rules) {
    JUNCTOR_TRY(rules, compile(*book, tenant, rule_version));
    std::lock_guard lock(mutex_);
    if (earlier_.size() >= kEarlierMax) earlier_.clear();
    if (book_ == book) earlier_[{tenant, rule_version}] = rules;
  }
  const script::FlowInfo* info = rules->flow(flow, rule_version);
  if (!info) return notFound(rule_version + " has no flow '" + flow + "'");
  return PinnedFlow{rules, info};
}

Result<script::RulesetPtr> PinnedRules::compile(const flow::Rulebook& book,
                                                const std::string& tenant,
                                                const std::string& rule_version) {
  const Tenant* known = book.catalog->findTenant(tenant);
  if (!known) return notFound("there is no tenant '" + tenant + "'");
  JUNCTOR_TRY(const auto versions, flow::RuleHistory(store_, clock_).versions(*known, ""));
  for (const flow::RuleVersion& version : versions) {
    if (script::labelOf(version.script) != rule_version) continue;
    std::vector<std::string> problems;
    const auto surroundings = flow::surroundingsOf(*known, shipped_, problems);
    auto alone = host_.compile({version.script}, surroundings);
    if (alone) return alone;
    // Its routes may name mappings that other scripts declare.
    std::vector<RuleScript> all = {version.script};
    for (const RuleScript& other : known->rules) {
      if (other.name != version.script.name) all.push_back(other);
    }
    return host_.compile(all, surroundings);
  }
  return notFound("version " + rule_version + " is not kept any more");
}

}  // namespace junctor::steps
