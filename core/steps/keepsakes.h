#pragma once
// Keepsakes: what a tenant keeps between flows, in the store's documents: values under keys
// (f.get, f.set) and answers that other steps may use (cache). Bounded per tenant; in buckets by
// hash, so that one look-up reads few documents. Thread-safe; blocks on the store.
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "store/store.h"

namespace junctor::steps {

class Keepsakes {
 public:
  Keepsakes(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // JSON; "" = there is none.
  Result<std::string> value(const std::string& tenant, const std::string& key);
  // "" removes it. ResourceExhausted: the tenant keeps as many as it may.
  Result<void> setValue(const std::string& tenant, const std::string& key, const std::string& json);
  // None: not asked before, or longer ago than that.
  Result<std::optional<std::string>> answer(const std::string& tenant, const std::string& digest,
                                            int64_t age_max_ms);
  Result<void> keepAnswer(const std::string& tenant, const std::string& digest,
                          const std::string& json, int64_t age_max_ms);

 private:
  Result<void> makeRoom(const std::string& kind);

  store::Store& store_;
  const Clock& clock_;
  std::mutex mutex_;  // of changes: they count before they add
};

}  // namespace junctor::steps
