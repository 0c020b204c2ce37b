#pragma once
// TokenBook: bearer tokens. A token is "jn_" + 32 random bytes; only its SHA-256 is stored, so a
// copy of the store opens nothing. Thread-safe; find() reads the store and may block.
#include <string>

#include "admin/route.h"
#include "store/store.h"

namespace junctor::admin {

struct NewToken {
  std::string text;  // shown once
  store::Token token;
};

class TokenBook {
 public:
  TokenBook(store::Store& store, const Clock& clock);

  const std::string& localToken() const { return local_; }
  // Unauthenticated if the token is unknown or has expired.
  Result<Caller> find(std::string_view text) const;
  Result<NewToken> create(Role role, const std::string& tenant, int64_t expires_at_ms);
  Result<std::vector<store::Token>> list() const { return store_.tokens(); }
  Result<void> revoke(const std::string& id) { return store_.removeToken(id); }

 private:
  store::Store& store_;
  const Clock& clock_;
  const std::string local_;
  const std::string local_hash_;
};

// The token of "Authorization: Bearer …"; "" if there is no such header, or more than one.
std::string_view bearerOf(const net::HttpRequest& request);

}  // namespace junctor::admin
