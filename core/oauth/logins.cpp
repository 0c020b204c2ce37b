#include "oauth/logins.h"

#include "base/bytes.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "crypto/secret_bytes.h"
#include "oauth/token_request.h"

namespace junctor::oauth {
namespace {

vault::SecretName placeOf(const std::string& tenant, const std::string& integration) {
  return {tenant, vault::loginOwner(integration), "login"};
}

std::string hashOf(const std::string& state) {
  return toHex(crypto::sha256(state));
}

}  // namespace

std::string Logins::integrationOf(const std::string& state) {
  const size_t dot = state.rfind('.');
  return dot == state.npos ? "" : state.substr(0, dot);
}

Result<std::string> Logins::begin(const Login& login) {
  std::string state = login.integration + "." + randomText();
  std::string json = dumpJson({{"state", hashOf(state)},
                               {"verifier", login.verifier},
                               {"redirect_uri", login.redirect_uri},
                               {"ends_at_ms", clock_.unixMs() + limits::kOauthStateMs}});
  const crypto::WipeAtEnd wiped(json);
  JUNCTOR_CHECK(vault_.put(placeOf(login.tenant, login.integration), json));
  return state;
}

// A wrong state takes nothing away: whoever guesses an integration's name ends nobody's login.
Result<Login> Logins::take(const std::string& tenant, const std::string& state) {
  Login login{tenant, integrationOf(state), "", ""};
  int64_t ends_at_ms = 0;
  const std::lock_guard lock(one_at_a_time_);
  JUNCTOR_CHECK(store_.exclusively("login/" + login.integration, [&]() -> Result<void> {
    const vault::SecretName place = placeOf(tenant, login.integration);
    JUNCTOR_CHECK(vault_.withSecret(place, [&](std::string_view value) -> Result<void> {
      JUNCTOR_TRY(const Json json, parseJson(value));
      if (!crypto::equalConstantTime(json.value("state", std::string()), hashOf(state))) {
        return notFound("the state is of no login");
      }
      login.verifier = json.value("verifier", std::string());
      login.redirect_uri = json.value("redirect_uri", std::string());
      ends_at_ms = json.value("ends_at_ms", int64_t{0});
      return {};
    }));
    return vault_.remove(place);
  }));
  if (ends_at_ms <= clock_.unixMs()) return notFound("the login took too long");
  return login;
}

}  // namespace junctor::oauth
