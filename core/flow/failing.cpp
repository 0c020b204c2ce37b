#include "flow/failing.h"

namespace junctor::flow {

std::optional<IntegrationTrouble> Failing::note(const std::string& tenant,
                                                const std::string& integration, int64_t at_ms,
                                                const std::string& reason) {
  std::lock_guard lock(mutex_);
  const auto found = rows_.find(integration);
  if (reason.empty()) {
    if (found == rows_.end()) return std::nullopt;
    const Row row = std::move(found->second);
    rows_.erase(found);
    if (!row.error) return std::nullopt;
    return IntegrationTrouble{tenant, integration, row.since_ms, true, row.reason};
  }
  Row& row = found == rows_.end() ? rows_[integration] : found->second;
  if (row.count++ == 0) row.since_ms = at_ms;
  row.tenant = tenant;
  row.reason = reason;
  if (row.error || row.count < in_a_row_max_) return std::nullopt;
  row.error = true;
  return IntegrationTrouble{tenant, integration, row.since_ms, false, reason};
}

void Failing::restore(const IntegrationTrouble& trouble) {
  std::lock_guard lock(mutex_);
  rows_[trouble.integration] =
      Row{in_a_row_max_, trouble.since_ms, true, trouble.tenant, trouble.reason};
}

std::optional<IntegrationTrouble> Failing::find(const std::string& integration) const {
  std::lock_guard lock(mutex_);
  const auto found = rows_.find(integration);
  if (found == rows_.end() || !found->second.error) return std::nullopt;
  const Row& row = found->second;
  return IntegrationTrouble{row.tenant, integration, row.since_ms, false, row.reason};
}

}  // namespace junctor::flow
