#pragma once
// Journal: what was answered for an idempotency key, durable before and after the act. Documents of
// the store, in buckets by the key's hash, so that looking one up reads a few and old ones leave
// whenever their bucket is written. Thread-safe.
#include <mutex>
#include <set>
#include <string>
#include <variant>

#include "action/verdict.h"
#include "base/clock.h"
#include "store/store.h"

namespace junctor::action {

class Journal {
 public:
  Journal(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  struct Key {
    std::string tenant, integration, key;
    std::string digest;  // of what is asked for
  };
  // Go: nobody has done it; end() must follow. Interrupted: a process ended in the middle of it;
  // likewise. Else what to answer.
  enum class Go { New, Interrupted };
  Result<std::variant<Go, Answer>> begin(const Key& key);
  // What was answered, to be answered again.
  Result<void> end(const Key& key, const Answer& answer);
  // Nothing was done: the key may be used again.
  Result<void> forget(const Key& key);

 private:
  std::string name(const Key& key) const;
  Result<void> prune(const std::string& kind);

  store::Store& store_;
  const Clock& clock_;
  std::mutex mutex_;
  std::set<std::string> running_;  // in this process
};

}  // namespace junctor::action
