#pragma once
// Keeper: the tokens of integrations. A person consents (authorization code, PKCE S256, state); the
// token is sealed in the vault; it is renewed ahead of its end, or when the provider refuses it,
// once however many ask; what replaces it is durable before it is used. A grant that the provider
// has ended makes the integration wait for a person, and nothing is asked for in the meantime.
//
// Thread-safe. Functions that talk to a provider block, up to limits::kOauthTimeoutMs.
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "model/catalog.h"
#include "net/http_client.h"
#include "oauth/logins.h"
#include "oauth/token.h"
#include "oauth/token_request.h"
#include "plugin/connector.h"
#include "store/store.h"
#include "vault/vault.h"

namespace junctor::oauth {

// Sends and waits. What it dials is guarded as all else.
using Send = std::function<Result<net::OutboundResponse>(const Integration& of,
                                                         net::OutboundRequest request)>;

// The credential of an integration begins, or ends, to be in error.
struct CredentialTrouble {
  std::string tenant, integration, reason;
  int64_t since_ms = 0;
  bool over = false;
};

struct KeeperDeps {
  vault::Vault& vault;
  store::Store& store;
  const plugin::Registry& registry;
  std::function<CatalogPtr()> catalog;
  std::function<std::string()> redirect_uri;  // https://…/v1/oauth/callback
  Send send;
  const Clock& clock;
  std::function<void(const CredentialTrouble&)> tell = {};  // must not block
};

// Of the credential: none was tried; a person is asked; it is taken; refused or ended; given back.
enum class State { None, Pending, Active, Error, Revoked };
std::string_view toString(State state);
struct Status {
  State state = State::None;
  std::string reason;  // in words, of Error
  int64_t since_ms = 0;
};

class Keeper {
 public:
  explicit Keeper(KeeperDeps deps)
      : deps_(std::move(deps)), logins_(deps_.vault, deps_.store, deps_.clock) {}

  // Where the person must go. InvalidArgument: the connector has no OAuth, or settings.client_id is
  // missing.
  Result<std::string> begin(const std::string& tenant, const std::string& integration);
  // The query of the callback. Unauthenticated: refused, nothing was stored. Gives the integration.
  Result<std::string> finish(const std::string& query);

  // A token that is good now. NotFound: there is none. Unauthenticated: a person must consent.
  Result<std::string> access(const std::string& tenant, const std::string& integration);
  // The provider refused this one: another one, if there can be one.
  Result<std::string> replace(const std::string& tenant, const std::string& integration,
                              const std::string& refused);
  // Ends the grant here, and at the provider where it can be.
  Result<void> revoke(const std::string& tenant, const std::string& integration);

  Status status(const std::string& integration) const;
  // The provider took, or refused, whatever credential the integration has.
  void judge(const Integration& of, bool taken, const std::string& why);

 private:
  struct Known {  // of one integration, while its call lasts
    CatalogPtr catalog;
    const Integration* integration = nullptr;
    plugin::OauthFacts facts;
    Client client;
    Json settings() const;
  };
  struct Flight {  // one renewal at a time
    bool running = false;
    int64_t not_before_ms = 0;  // after a failure
    size_t waiting = 0;
  };

  Result<Login> loginOf(const std::string& state);
  Result<Known> know(const std::string& tenant, const std::string& integration);
  Result<Token> load(const Integration& of);
  Result<void> keep(const Integration& of, const Token& token);
  Result<void> setStatus(const Integration& of, State state, const std::string& reason);
  Result<Token> request(const Known& known, Params params, const Token* old);

  // renewal.cpp
  Result<Token> current(const Known& known, const std::string* refused);
  Result<Token> renewAlone(const Known& known, const Token& seen);
  Result<Token> renewOnce(const Known& known, const Token& seen);
  Result<Token> renew(const Known& known, const Token& old);
  bool mustRenew(const Token& token, const std::string* refused) const;

  const KeeperDeps deps_;
  Logins logins_;
  std::mutex mutex_;
  std::condition_variable landed_;
  std::map<std::string, Flight> flights_;  // by integration; guarded by mutex_
};

}  // namespace junctor::oauth
