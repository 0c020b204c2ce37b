#pragma once
// LlmMeter: what flows spend on models in a day (UTC), against the caps of their tenant
// (limits.llm) and of their own (jn.flow's `llm`). Counted in the store after each answer, so that
// neither a restart nor another node forgets; answers that are under way when a cap is reached may
// go over it. Thread-safe; blocks on the store.
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "mapping/value.h"
#include "model/catalog.h"
#include "store/store.h"

namespace junctor::steps {

class LlmMeter {
 public:
  LlmMeter(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  void adopt(CatalogPtr catalog);

  struct Refusal {
    std::string why;
    bool final = false;   // waiting does not help
    int64_t wait_ms = 0;  // until the day is over
  };
  // May a request go to the model? `own` are the flow's caps.
  Result<std::optional<Refusal>> refuse(const std::string& tenant, const std::string& flow,
                                        const LlmCaps& own, const std::string& model);
  // What an answer cost. `usage` as providers say it (input and output tokens, under either name),
  // null: estimated by the bytes of request and answer.
  Result<void> add(const std::string& tenant, const std::string& flow, const std::string& model,
                   const mapping::Value* usage, size_t request_bytes, size_t answer_bytes);

  struct Spent {
    int64_t tokens = 0, money_micros = 0;
  };
  // Today's; "" = all flows of the tenant.
  Result<Spent> spent(const std::string& tenant, const std::string& flow = "");

 private:
  Quotas quotasOf(const std::string& tenant) const;

  store::Store& store_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  CatalogPtr catalog_;   // guarded by mutex_
  std::mutex counting_;  // of changes: they read before they write
};

}  // namespace junctor::steps
