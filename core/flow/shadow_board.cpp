#include "flow/shadow_board.h"

namespace junctor::flow {

void ShadowBoard::note(const std::string& tenant, const std::string& rules, int64_t now_ms,
                       const RuleOutcome& live, const RuleOutcome& shadow) {
  std::lock_guard lock(mutex_);
  ShadowReport& report = reports_[tenant];
  if (report.rules != rules) report = {rules, now_ms, {}};
  report.comparison.add(live, shadow);
}

ShadowReport ShadowBoard::report(const std::string& tenant) const {
  std::lock_guard lock(mutex_);
  const auto found = reports_.find(tenant);
  return found == reports_.end() ? ShadowReport{} : found->second;
}

}  // namespace junctor::flow
