#pragma once
// ShadowBoard: what shadow rules would have done with live events. In memory: a restart begins
// anew, as does a new set of shadows. Thread-safe.
#include <map>
#include <mutex>
#include <string>

#include "flow/rule_diff.h"

namespace junctor::flow {

struct ShadowReport {
  std::string rules;  // versions of the candidate; "" = no shadow runs
  int64_t since_ms = 0;
  Comparison comparison;
};

class ShadowBoard {
 public:
  void note(const std::string& tenant, const std::string& rules, int64_t now_ms,
            const RuleOutcome& live, const RuleOutcome& shadow);
  ShadowReport report(const std::string& tenant) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, ShadowReport> reports_;  // guarded by mutex_
};

}  // namespace junctor::flow
