#include "ingest/secret_uses.h"

namespace junctor::ingest {

SecretUses::Cell SecretUses::cell(const Name& name) {
  std::lock_guard lock(mutex_);
  return uses_[name].at;
}

int64_t SecretUses::lastUsed(const Name& name) const {
  std::lock_guard lock(mutex_);
  const auto found = uses_.find(name);
  return found == uses_.end() ? 0 : found->second.at->load(std::memory_order_relaxed);
}

std::map<SecretUses::Name, int64_t> SecretUses::takeChanged() {
  std::lock_guard lock(mutex_);
  std::map<Name, int64_t> out;
  for (auto& [name, use] : uses_) {
    const int64_t at_ms = use.at->load(std::memory_order_relaxed);
    if (at_ms == use.kept) continue;
    use.kept = at_ms;
    out.emplace(name, at_ms);
  }
  return out;
}

void SecretUses::restore(const Name& name, int64_t at_ms) {
  std::lock_guard lock(mutex_);
  Use& use = uses_[name];
  use.kept = at_ms;
  use.at->store(at_ms, std::memory_order_relaxed);
}

}  // namespace junctor::ingest
