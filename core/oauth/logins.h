#pragma once
// Logins: consents under way, by `state`. A state is good once, for limits::kOauthStateMs, for the
// integration it was made for; it lives in memory alone, so a restart ends it. Thread-safe. Private
// to the room.
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace junctor::oauth {

struct Login {
  std::string tenant, integration;
  std::string verifier;      // of PKCE; "" = the provider knows none
  std::string redirect_uri;  // exactly as it was sent
  int64_t ends_at_ms = 0;
};

class Logins {
 public:
  explicit Logins(const Clock& clock) : clock_(clock) {}
  // The state. ResourceExhausted: too many are under way. An older one of the integration ends.
  Result<std::string> begin(Login login);
  // Takes it away, whatever comes of it. Nothing: unknown, used before, or too old.
  std::optional<Login> take(const std::string& state);

 private:
  void dropOld();

  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Login> by_hash_;  // of the state: looking one up tells nothing by its time
};

}  // namespace junctor::oauth
