#pragma once
// SecretUses: when each webhook secret last verified a request, so that people see when a rotated
// one is not needed any more. Counted in memory; whoever keeps it asks for what changed.
// Thread-safe.
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace junctor::ingest {

class SecretUses {
 public:
  using Name = std::pair<std::string, std::string>;    // integration, reference ("vault:hook")
  using Cell = std::shared_ptr<std::atomic<int64_t>>;  // Unix ms, 0 = never

  // The same one for the same name, as long as this lives.
  Cell cell(const Name& name);
  int64_t lastUsed(const Name& name) const;
  // Those whose time differs from the one given out or set before.
  std::map<Name, int64_t> takeChanged();
  // As it was kept before a restart.
  void restore(const Name& name, int64_t at_ms);

 private:
  struct Use {
    Cell at = std::make_shared<std::atomic<int64_t>>(0);
    int64_t kept = 0;
  };
  mutable std::mutex mutex_;
  std::map<Name, Use> uses_;  // guarded by mutex_
};

}  // namespace junctor::ingest
