#include "oauth/logins.h"

#include "base/limits.h"
#include "crypto/hash.h"
#include "oauth/token_request.h"

namespace junctor::oauth {

void Logins::dropOld() {
  const int64_t now_ms = clock_.unixMs();
  std::erase_if(by_hash_, [now_ms](const auto& each) { return each.second.ends_at_ms <= now_ms; });
}

Result<std::string> Logins::begin(Login login) {
  std::lock_guard lock(mutex_);
  dropOld();
  std::erase_if(by_hash_, [&](const auto& each) {
    return each.second.integration == login.integration && each.second.tenant == login.tenant;
  });
  if (by_hash_.size() >= limits::kOauthPendingMax) {
    return makeError(ErrorCode::ResourceExhausted, "too many logins are under way");
  }
  login.ends_at_ms = clock_.unixMs() + limits::kOauthStateMs;
  std::string state = randomText();
  by_hash_[crypto::sha256(state)] = std::move(login);
  return state;
}

std::optional<Login> Logins::take(const std::string& state) {
  std::lock_guard lock(mutex_);
  dropOld();
  auto found = by_hash_.extract(crypto::sha256(state));
  if (found.empty()) return std::nullopt;
  return std::move(found.mapped());
}

}  // namespace junctor::oauth
