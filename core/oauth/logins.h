#pragma once
// Logins: consents under way, by `state`. A state is good once, for limits::kOauthStateMs, for the
// integration it was made for, of which it names one at a time. It rests sealed in the vault, so
// that a callback may come to any node of a cluster, or after a restart; of the state itself only a
// hash is kept. Thread-safe. Private to the room.
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"
#include "vault/vault.h"

namespace junctor::oauth {

struct Login {
  std::string tenant, integration;
  std::string verifier;      // of PKCE; "" = the provider knows none
  std::string redirect_uri;  // exactly as it was sent
};

class Logins {
 public:
  Logins(vault::Vault& vault, store::Store& store, const Clock& clock)
      : vault_(vault), store_(store), clock_(clock) {}
  // The state. An older login of the integration ends.
  Result<std::string> begin(const Login& login);
  // The integration that a state claims to be of; "" = it is none of ours.
  static std::string integrationOf(const std::string& state);
  // Takes the login away, whatever comes of it. NotFound: unknown, used before, or too old.
  Result<Login> take(const std::string& tenant, const std::string& state);

 private:
  std::mutex one_at_a_time_;  // in this process; the store sees to the others
  vault::Vault& vault_;
  store::Store& store_;
  const Clock& clock_;
};

}  // namespace junctor::oauth
