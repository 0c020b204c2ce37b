#pragma once
// What must not run, whoever signed it: bundles by digest, keys by id. One list belongs to this
// installation (`junctor connector revoke`), one may come from a root (signed, with a serial number
// that only rises). Both are asked at install and at every load.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "crypto/signing_key.h"

namespace junctor::trust {

class Revocations {
 public:
  // `what` is a bundle's digest (64 hex digits) or a key's id ("key_…").
  Result<void> add(const std::string& what, std::string reason);
  bool remove(const std::string& what) { return entries_.erase(what) > 0; }
  void merge(const Revocations& other);
  // Why, or nothing. A revoked thing without a stated reason gives "no reason given".
  std::optional<std::string> reasonAgainst(const std::string& what) const;
  const std::map<std::string, std::string>& entries() const { return entries_; }

  static Result<Revocations> read(const Json& json);  // {"digest or key": "reason", …}
  Json toJson() const;

 private:
  std::map<std::string, std::string> entries_;
};

struct SignedRevocations {
  int64_t serial = 0;
  Revocations list;
};
Json sealRevocations(const SignedRevocations& list, const crypto::SigningKey& root);
// PermissionDenied: not signed by one of `roots`.
Result<SignedRevocations> openRevocations(const Json& sealed,
                                          const std::vector<std::string>& roots);

}  // namespace junctor::trust
