#include "admin/conditions.h"

#include <algorithm>

#include "base/limits.h"
#include "crypto/hash.h"

namespace junctor::admin {
namespace {

bool answerIsSecret(Permission permission) {
  return permission == Permission::ManageTokens || permission == Permission::ManageSecrets ||
         permission == Permission::ManageKeys;
}

net::HttpResponse again(const action::Answer& answer) {
  net::HttpResponse response = answer.json.empty() ? net::HttpResponse{answer.status, {}, ""}
                                                   : net::jsonResponse(answer.status, answer.json);
  if (answer.status >= 400) response.headers = {{"Content-Type", "application/problem+json"}};
  if (answer.replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
  if (answer.retry_after) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

std::string tagOf(const std::string& body) {
  return "\"" + crypto::sha256Hex(body).substr(0, 32) + "\"";
}

Result<std::string> idempotencyKeyOf(const net::HttpRequest& request) {
  const std::string* key = findHeader(request.headers, "Idempotency-Key");
  if (!key) return std::string();
  const bool clean =
      std::all_of(key->begin(), key->end(), [](char c) { return c > ' ' && c < 127; });
  if (!key->empty() && clean && key->size() <= limits::kIdempotencyKeyBytesMax) return *key;
  return invalidArgument("Idempotency-Key must be 1 to 255 printable characters without spaces");
}

Result<net::HttpResponse> Once::run(const Call& call, const Route& route, const Handle& handle) {
  const bool own_way = route.method != "POST" || route.permission == Permission::Act;
  if (own_way || !findHeader(call.http.headers, "Idempotency-Key")) return handle();
  JUNCTOR_TRY(const std::string given, idempotencyKeyOf(call.http));
  if (answerIsSecret(route.permission)) {
    return invalidArgument("Idempotency-Key is not taken here: the answer would have to be kept");
  }
  const action::Journal::Key key{
      "", "admin/" + call.caller.token_id, given,
      crypto::sha256Hex(call.http.path + '?' + call.http.query + '\n' + call.http.body)};
  JUNCTOR_TRY(const auto begun, journal_.begin(key));
  if (const auto* before = std::get_if<action::Answer>(&begun)) return again(*before);
  // One that was interrupted runs again: no change of configuration is worse for being made twice.
  auto done = handle();
  if (!done || done->status >= 300) {
    JUNCTOR_CHECK(journal_.forget(key));
    return done;
  }
  JUNCTOR_CHECK(journal_.end(key, {done->status, done->body}));
  return done;
}

Result<net::HttpResponse> IfUnchanged::run(const Call& call, const Handle& current,
                                           const Handle& handle) {
  const std::string* wanted = findHeader(call.http.headers, "If-Match");
  if (!wanted || call.http.method == "GET" || call.http.method == "HEAD") return handle();
  if (!current) return invalidArgument("If-Match is not taken here: the path has no GET");
  const std::lock_guard lock(one_at_a_time_);
  const auto now = current();
  const bool there = now && now->status == 200;
  const bool same =
      there && (*wanted == "*" || wanted->find(tagOf(now->body)) != std::string::npos);
  if (same) return handle();
  return net::problem(412, "precondition-failed",
                      there ? "it has changed since: read it again" : "it is not there");
}

}  // namespace junctor::admin
