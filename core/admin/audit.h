#pragma once
// AuditLog: who changed what, in a chain: each record holds the hash of the one before it, so that
// a record that is changed, taken out, put in or moved breaks the chain from there on. Documents of
// the store, in segments. Whoever can write the store can make a new chain from some point on: keep
// the head (`junctor audit verify` prints it) elsewhere to notice that too.
//
// Thread-safe; record() is durable when it returns.
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "store/store.h"

namespace junctor::admin {

struct AuditEntry {
  std::string token, role, tenant, from;  // whose token, of which tenant ("" = all), from where
  std::string method, path;
  int status = 0;
};

class AuditLog {
 public:
  AuditLog(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  Result<void> record(const AuditEntry& entry);
  // Records after that number, oldest first, as JSON texts; at most `limit`.
  Result<std::vector<std::string>> list(uint64_t after, size_t limit);

 private:
  Result<void> load();
  Result<void> append(const AuditEntry& entry);

  store::Store& store_;
  const Clock& clock_;
  std::mutex mutex_;
  bool loaded_ = false;
  uint64_t last_ = 0;  // number of the newest record
  std::string head_;   // its hash
};

// The hash that a record must have, from all its other members.
std::string auditHash(const Json& record);
// Follows the chain over records in order. `next` and `head` hold where it stands; start with 1 and
// "". DataLoss names the record that does not fit.
Result<void> followChain(const Json& record, uint64_t& next, std::string& head);

}  // namespace junctor::admin
