#pragma once
// The requests of RFC 6749 as a provider wants them.
#include <string>
#include <utility>
#include <vector>

#include "model/event.h"
#include "plugin/declared.h"

namespace junctor::oauth {

using Params = std::vector<std::pair<std::string, std::string>>;

struct Client {  // secret
  std::string id, secret;
};
struct Post {  // secret
  std::string url, body;
  Headers headers;
};

std::string formOf(const Params& params);
// `params` with the client's credentials where the provider wants them.
Post tokenPost(const plugin::OauthFacts& facts, const std::string& url, const Client& client,
               Params params);
// "S256" challenge of a verifier (RFC 7636).
std::string challengeOf(const std::string& verifier);
std::string randomText();  // 256 bits, base64url

}  // namespace junctor::oauth
