#include "admin/tokens.h"

#include "base/bytes.h"
#include "crypto/hash.h"

namespace junctor::admin {
namespace {

std::string freshToken() {
  return "jn_" + toBase64Url(crypto::randomBytes(32));
}

Error unknownToken() {
  return makeError(ErrorCode::Unauthenticated, "the token is unknown, revoked or expired");
}

}  // namespace

TokenBook::TokenBook(store::Store& store, const Clock& clock)
    : store_(store), clock_(clock), local_(freshToken()), local_hash_(crypto::sha256Hex(local_)) {}

Result<Caller> TokenBook::find(std::string_view text) const {
  if (!text.starts_with("jn_") || text.size() > 256) return unknownToken();
  const std::string hash = crypto::sha256Hex(text);
  if (crypto::equalConstantTime(hash, local_hash_)) return Caller{"local", Role::Owner, ""};
  JUNCTOR_TRY(const auto token, store_.findToken(hash));
  if (!token) return unknownToken();
  if (token->expires_at_ms != 0 && token->expires_at_ms <= clock_.unixMs()) return unknownToken();
  const auto role = parseRole(token->role);
  if (!role) return internalError("token " + token->id + " has an unknown role");
  return Caller{token->id, *role, token->tenant};
}

Result<NewToken> TokenBook::create(Role role, const std::string& tenant, int64_t expires_at_ms) {
  NewToken made;
  made.text = freshToken();
  made.token.id = "tok_" + toHex(crypto::randomBytes(8));
  made.token.sha256_hex = crypto::sha256Hex(made.text);
  made.token.tenant = tenant;
  made.token.role = std::string(toString(role));
  made.token.created_at_ms = clock_.unixMs();
  made.token.expires_at_ms = expires_at_ms;
  JUNCTOR_CHECK(store_.putToken(made.token));
  return made;
}

std::string_view bearerOf(const net::HttpRequest& request) {
  const std::string* header = findHeader(request.headers, "Authorization");
  if (!header || countHeader(request.headers, "Authorization") != 1) return {};
  const std::string_view value(*header);
  if (value.size() < 7 || !equalsIgnoreCase(value.substr(0, 7), "Bearer ")) return {};
  return trim(value.substr(7));
}

}  // namespace junctor::admin
