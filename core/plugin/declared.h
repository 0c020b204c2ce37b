#pragma once
// What a manifest declares beside webhooks: actions, how a credential is attached, and how a token
// is had by OAuth. The requests of actions ("api", "actions", "fields", "test") are read by the
// connector's own code (sdk/cpp/junctor/declared.hpp); the host reads here what it must know.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/catalog.h"

namespace junctor::plugin {

struct DeclaredAction {
  std::string name, title;
  std::string object;             // canonical object that can be given instead of `into`; "" = none
  std::string into;               // parameter that takes the mapped object; "" = the parameters
  std::string input_json = "{}";  // JSON Schema of the parameters
  bool idempotent = false;        // the provider itself takes a key
  bool changes = true;            // false: it only reads
};

// One way to attach a credential; of several the first whose secret is there is taken. Texts may
// hold {secret} and {settings.NAME}.
struct CredentialWay {
  // Url: the whole address is the secret (incoming webhooks); its host must be one of those that
  // the credential may go to.
  // None, the last of them: without a secret it goes as it is.
  enum class Kind { Header, Basic, Oauth, Url, None } kind = Kind::Header;
  std::string secret;  // field of the vault; of Oauth "oauth"
  std::string header = "Authorization";
  std::string value = "Bearer {secret}";  // of Header and Oauth
  std::string user, password;             // of Basic
};

// The standard way (RFC 6749, PKCE), and what providers do differently.
struct OauthFacts {
  std::string authorize_url, token_url, revoke_url;  // https; may hold {settings.NAME}
  std::vector<std::string> scopes;
  std::string scope_separator = " ";
  std::vector<std::pair<std::string, std::string>> authorize_params, token_params;
  bool json_body = false;     // of token requests; else a form
  bool basic_client = false;  // client id and secret as Basic; else in the body
  bool pkce = true;
  std::string token_at;           // JSON pointer to the object with the token in the answer
  std::string error_at;           // JSON pointer to the error code of an answer, "/error"
  std::vector<std::string> keep;  // members of the answer that are kept beside the token
  int64_t lifetime_s = 0;         // where the answer names none; 0 = until it is refused

  bool present() const { return !token_url.empty(); }
};

struct Declared {
  std::vector<DeclaredAction> actions;                            // in the manifest's order
  std::map<std::string, std::vector<CredentialWay>> credentials;  // by name in capabilities
  OauthFacts oauth;
  std::vector<std::string> objects;  // whose fields can be listed
  bool testable = false;
  RateLimit rate;                   // as the provider states it; count 0 = it states none
  bool hook_secret_by_host = true;  // of a registered webhook; else the provider's answer has it
  std::vector<std::string> hook_events;  // that are asked for if nobody chooses

  const DeclaredAction* action(std::string_view name) const;
};

// From the whole manifest. InvalidArgument names the key.
Result<Declared> readDeclared(const Json& manifest);

// `text` with {secret} and {settings.NAME} filled in. InvalidArgument: a setting is missing.
Result<std::string> fillText(std::string_view text, std::string_view secret, const Json& settings);

}  // namespace junctor::plugin
