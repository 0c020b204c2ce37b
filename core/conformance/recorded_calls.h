#pragma once
// Recorded calls: what a connector is asked to do in the A checks, and what the network answers.
// fixtures/calls.json is a list of
//   {"call": "execute|test|fields|poll|subscribe|unsubscribe", "action": name, "object": name,
//    "params": {}, "idempotent": true, "output": <JSON Schema>,
//    "recording": "create.json" or "http": [{"status": 200, "headers": [["Name", "value"]],
//                                            "body": "…" or any JSON}]}
// The recording is a file beside it, as the SDK's Host::record() wrote it; `http` is the same by
// hand, which `connector sim` serves too. The n-th response answers the n-th request, the last one
// all that follow. (That requests are the recorded ones is what the project's own tests check, with
// Host::replay().)
#include <string>
#include <vector>

#include "base/json_value.h"
#include "conformance/loaded.h"

namespace junctor::conformance {

struct RecordedCall {
  std::string call, action, object, params = "{}";
  bool idempotent = false;
  Json output;  // null = none
  std::vector<HttpTold> http;
};
// NotFound: there is no calls.json. InvalidArgument: it is none.
Result<std::vector<RecordedCall>> readCalls(const Session& session);

// What became of one call.
struct Acted {
  jn_status status = JN_OK;
  std::optional<Failed> failed;
  std::vector<HttpAsked> asked;
  std::vector<std::string> results;  // data_json, hook ids, field names, by call
  std::string text;                  // everything it gave, for canaries
  size_t nexts = 0;
  std::string cursor;
};
struct ActHow {
  uint32_t flags = 0;
  const HttpTold* instead = nullptr;  // every request gets this answer
  std::string cursor{};               // of a poll
  std::string hook{};                 // of an unsubscribe
};
inline constexpr const char* kIdempotencyKey = "idem-0123456789";
inline constexpr const char* kCanary = "c4n4ry-5ecret-0f-the-check";

// nullopt: the connector does not offer the interface.
std::optional<Acted> act(Subject& subject, jn_instance* instance, const RecordedCall& call,
                         const ActHow& how = {});

}  // namespace junctor::conformance
