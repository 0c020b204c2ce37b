#pragma once
// What became of an act at a provider, in the words that callers decide by.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "plugin/calls.h"

namespace junctor::action {

// Retry: later the same may succeed. Rate: likewise, at the time the provider named. Auth: a person
// must look at the credential. Invalid: the request is wrong and stays wrong. Unknown: it may have
// been done, nobody can tell. Fault: ours or the connector's.
enum class Class { Retry, Rate, Auth, Invalid, NotFound, Conflict, Unknown, Fault };

std::string_view toString(Class of);
Class classOf(const Error& error, const plugin::CallRecord& record);

// What a caller gets, and gets again for the same idempotency key.
struct Answer {
  int status = 200;  // of the API's answer
  std::string json;  // its body: the result, or a problem
  bool replayed = false;
  std::optional<std::chrono::milliseconds> retry_after{};
};

// A problem (RFC 9457) with the members class, provider_status and provider_code.
Answer problem(Class of, const Error& error, const plugin::CallRecord& record);
Answer problem(int status, std::string_view slug, const std::string& detail);

}  // namespace junctor::action
