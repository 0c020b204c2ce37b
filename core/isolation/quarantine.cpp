#include "isolation/quarantine.h"

#include <algorithm>

#include "base/limits.h"

namespace junctor::isolation {

void CrashHistory::crashed(int64_t monotonic_ms) {
  while (!times_ms_.empty() &&
         times_ms_.front() <= monotonic_ms - limits::kConnectorCrashWindowMs) {
    times_ms_.pop_front();
  }
  times_ms_.push_back(monotonic_ms);
}

bool CrashHistory::tooMany() const {
  return times_ms_.size() >= limits::kConnectorCrashesMax;
}

int64_t CrashHistory::backoffMs() const {
  if (times_ms_.empty()) return 0;
  const size_t doublings = std::min<size_t>(times_ms_.size() - 1, 20);
  return std::min(limits::kConnectorBackoffMinMs << doublings, limits::kConnectorBackoffMaxMs);
}

Quarantine::Quarantine(std::map<std::string, std::string> stored, Save save)
    : save_(std::move(save)), causes_(std::move(stored)) {}

std::string Quarantine::keyOf(const std::string& id, const std::string& version) {
  return id + "@" + version;
}

std::optional<std::string> Quarantine::causeOf(const std::string& key) const {
  std::lock_guard lock(mutex_);
  const auto found = causes_.find(key);
  if (found == causes_.end()) return std::nullopt;
  return found->second;
}

void Quarantine::put(const std::string& key, const std::string& cause) {
  {
    std::lock_guard lock(mutex_);
    causes_[key] = cause;
  }
  if (save_) save_(key, cause);
}

bool Quarantine::release(const std::string& key) {
  {
    std::lock_guard lock(mutex_);
    if (causes_.erase(key) == 0) return false;
  }
  if (save_) save_(key, "");
  return true;
}

std::vector<std::pair<std::string, std::string>> Quarantine::all() const {
  std::lock_guard lock(mutex_);
  return {causes_.begin(), causes_.end()};
}

}  // namespace junctor::isolation
