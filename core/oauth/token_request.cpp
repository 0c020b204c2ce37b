#include "oauth/token_request.h"

#include "base/bytes.h"
#include "base/json_value.h"
#include "crypto/hash.h"

namespace junctor::oauth {

std::string formOf(const Params& params) {
  std::string out;
  for (const auto& [name, value] : params) {
    out += (out.empty() ? "" : "&") + percentEncode(name) + "=" + percentEncode(value);
  }
  return out;
}

Post tokenPost(const plugin::OauthFacts& facts, const std::string& url, const Client& client,
               Params params) {
  Post post{url, "", {{"Accept", "application/json"}}};
  params.insert(params.end(), facts.token_params.begin(), facts.token_params.end());
  if (facts.basic_client) {  // RFC 6749 §2.3.1: each part is form-encoded first
    const std::string pair = percentEncode(client.id) + ":" + percentEncode(client.secret);
    post.headers.emplace_back("Authorization", "Basic " + toBase64(pair));
  } else {
    params.emplace_back("client_id", client.id);
    if (!client.secret.empty()) params.emplace_back("client_secret", client.secret);
  }
  if (facts.json_body) {
    Json json = Json::object();
    for (const auto& [name, value] : params) json[name] = value;
    post.body = dumpJson(json);
    post.headers.emplace_back("Content-Type", "application/json");
  } else {
    post.body = formOf(params);
    post.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  }
  return post;
}

std::string challengeOf(const std::string& verifier) {
  return toBase64Url(crypto::sha256(verifier));
}

std::string randomText() {
  return toBase64Url(crypto::randomBytes(32));
}

}  // namespace junctor::oauth
