// Renewals: one at a time for an integration, however many ask.
#include "base/limits.h"
#include "base/log.h"
#include "oauth/keeper.h"

namespace junctor::oauth {
namespace {

Error needsPerson(const std::string& why) {
  return makeError(ErrorCode::Unauthenticated,
                   "a person must authorize the integration again: " + why);
}

}  // namespace

bool Keeper::mustRenew(const Token& token, const std::string* refused) const {
  return refused ? token.access == *refused : token.endsBefore(deps_.clock.unixMs());
}

Result<std::string> Keeper::access(const std::string& tenant, const std::string& integration) {
  JUNCTOR_TRY(const Known known, know(tenant, integration));
  JUNCTOR_TRY(Token token, current(known, nullptr));
  return std::move(token.access);
}

Result<std::string> Keeper::replace(const std::string& tenant, const std::string& integration,
                                    const std::string& refused) {
  JUNCTOR_TRY(const Known known, know(tenant, integration));
  JUNCTOR_TRY(Token token, current(known, &refused));
  return std::move(token.access);
}

// A token that is about to end is still good for those who find a renewal under way.
Result<Token> Keeper::current(const Known& known, const std::string* refused) {
  JUNCTOR_TRY(Token token, load(*known.integration));
  const bool must = mustRenew(token, refused);
  if (!must && !token.endsBefore(deps_.clock.unixMs() + limits::kOauthAheadMs)) return token;
  if (token.refresh.empty()) {
    if (!must) return token;
    if (status(known.integration->id).state != State::Error) {
      JUNCTOR_CHECK(setStatus(*known.integration, State::Error, "the token has ended"));
    }
    return needsPerson("the token has ended, and the provider gave nothing to renew it with");
  }
  {
    std::unique_lock lock(mutex_);
    Flight& flight = flights_[known.integration->id];
    if (flight.running && !must) return token;
    landed_.wait(lock, [&] { return !flights_[known.integration->id].running; });
    if (deps_.clock.unixMs() < flights_[known.integration->id].not_before_ms) {
      if (!must) return token;
      Error error = unavailable("the token could not be renewed a moment ago");
      error.retry_after = std::chrono::milliseconds(limits::kOauthRetryMs);
      return error;
    }
    flights_[known.integration->id].running = true;
  }
  auto renewed = renewAlone(known, token);
  {
    std::lock_guard lock(mutex_);
    Flight& flight = flights_[known.integration->id];
    flight.running = false;
    const bool again = !renewed && renewed.error().code != ErrorCode::Unauthenticated;
    flight.not_before_ms = again ? deps_.clock.unixMs() + limits::kOauthRetryMs : 0;
    landed_.notify_all();
  }
  if (!renewed && !must) return token;
  return renewed;
}

// Alone among all nodes of a cluster too.
Result<Token> Keeper::renewAlone(const Known& known, const Token& seen) {
  Result<Token> renewed = internalError("not renewed");
  const auto ran = deps_.store.exclusively("oauth/" + known.integration->id, [&]() -> Result<void> {
    renewed = renewOnce(known, seen);
    return {};
  });
  if (!ran) return ran.error();
  return renewed;
}

// Somebody else may have done it while this thread waited.
Result<Token> Keeper::renewOnce(const Known& known, const Token& seen) {
  JUNCTOR_TRY(const Token now, load(*known.integration));
  if (now.access != seen.access) return now;
  const Status before = status(known.integration->id);
  if (before.state == State::Error) return needsPerson(before.reason);
  return renew(known, now);
}

// What the provider has rotated is lost if this process ends before it is stored; the old refresh
// token is then refused, which ends in a state that a person sees, not in a loop.
Result<Token> Keeper::renew(const Known& known, const Token& old) {
  auto token =
      request(known, {{"grant_type", "refresh_token"}, {"refresh_token", old.refresh}}, &old);
  if (token) {
    JUNCTOR_CHECK(keep(*known.integration, *token));
    log::info("oauth",
              {{"tenant", known.integration->tenant}, {"integration", known.integration->id}},
              "the token was renewed");
    return token;
  }
  if (token.error().code != ErrorCode::Unauthenticated) return token.error();
  // Another process may have renewed it with the same refresh token: what it stored counts.
  JUNCTOR_TRY(const Token now, load(*known.integration));
  if (now.refresh != old.refresh) return now;
  JUNCTOR_CHECK(setStatus(*known.integration, State::Error, token.error().message));
  return needsPerson(token.error().message);
}

}  // namespace junctor::oauth
