#pragma once
// PinnedRules: the version of a script that a flow's delivery began with, whatever was published
// since. Thread-safe; blocks on the store.
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "flow/rulebook.h"
#include "store/store.h"

namespace junctor::steps {

struct PinnedFlow {
  script::RulesetPtr rules;  // keeps `info`
  const script::FlowInfo* info = nullptr;
};

class PinnedRules {
 public:
  PinnedRules(store::Store& store, const Clock& clock, mapping::BookPtr shipped,
              script::RuleHost& host)
      : store_(store), clock_(clock), shipped_(std::move(shipped)), host_(host) {}

  void adopt(flow::RulebookPtr book);
  // NotFound: neither live nor kept.
  Result<PinnedFlow> find(const std::string& tenant, const std::string& flow,
                          const std::string& rule_version);

 private:
  Result<script::RulesetPtr> compile(const flow::Rulebook& book, const std::string& tenant,
                                     const std::string& rule_version);

  store::Store& store_;
  const Clock& clock_;
  const mapping::BookPtr shipped_;
  script::RuleHost& host_;
  std::mutex mutex_;
  flow::RulebookPtr book_;                                                     // guarded
  std::map<std::pair<std::string, std::string>, script::RulesetPtr> earlier_;  // guarded
};

}  // namespace junctor::steps
