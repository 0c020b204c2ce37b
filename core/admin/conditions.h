#pragma once
// What a caller may ask of a change: that it is done once (Idempotency-Key), and only if nobody
// else has changed the thing meanwhile (If-Match).
#include <functional>
#include <mutex>
#include <string>

#include "action/journal.h"
#include "admin/route.h"

namespace junctor::admin {

// The tag of an answer, in quotes.
std::string tagOf(const std::string& body);

// "" = the request has none. InvalidArgument: it is empty, too long or not printable.
Result<std::string> idempotencyKeyOf(const net::HttpRequest& request);

// POSTs with an Idempotency-Key: done once, answered again for 72 hours, after restarts too. Acts
// at providers have their own way (action/desk.h). Answers that hold a secret are not kept, so
// their routes take no key. Thread-safe.
class Once {
 public:
  using Handle = std::function<Result<net::HttpResponse>()>;
  Once(store::Store& store, const Clock& clock) : journal_(store, clock) {}

  Result<net::HttpResponse> run(const Call& call, const Route& route, const Handle& handle);

 private:
  action::Journal journal_;
};

// Changes that carry If-Match, one at a time: each is done if the thing's GET still has that tag,
// else answered 412. Thread-safe.
class IfUnchanged {
 public:
  using Handle = std::function<Result<net::HttpResponse>()>;
  // `current`: the thing's GET; null: there is none, so nothing can match.
  Result<net::HttpResponse> run(const Call& call, const Handle& current, const Handle& handle);

 private:
  std::mutex one_at_a_time_;
};

}  // namespace junctor::admin
