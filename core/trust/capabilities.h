#pragma once
// Capabilities: what a connector asks for in its manifest ("capabilities"), shown to the operator
// at install, recorded as accepted, and enforced by the host (trust/grants.h). Nothing asked for,
// nothing allowed.
//
//   "capabilities": {
//     "hosts": ["api.acme.com", "*.acme.io", "{shop}.acme.com"],     empty = no network
//     "protocols": ["nats"],                                         beside https; see below
//     "credentials": {"api": ["api.acme.com"]},                      each for hosts it may go to
//     "kv": {"bytes": 65536},                                        0 = no storage
//     "secrets": ["signing"],                                        handed to the code itself
//     "budget": {"memory_mib": 256, "handle_ms": 250, "action_ms": 30000, "requests": 20}
//   }
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/limits.h"
#include "base/result.h"

namespace junctor::trust {

// Upper bounds of one connector; the host's own may be lower.
struct Budget {
  int64_t memory_mib = 256;                        // of its process
  int64_t handle_ms = limits::kConnectorCallMs;    // one call without I/O
  int64_t action_ms = limits::kConnectorActionMs;  // one call with I/O
  int64_t requests = 20;                           // HTTP requests in one call
  friend bool operator==(const Budget&, const Budget&) = default;
};

// What the host speaks besides https, by the scheme of a URL (core/wire/wire.h says how).
struct Protocol {
  std::string_view scheme, name;
};
inline constexpr Protocol kProtocols[] = {{"nats", "nats"},         {"redis", "redis"},
                                          {"rediss", "redis"},      {"smtp", "smtp"},
                                          {"postgres", "postgres"}, {"smtps", "smtp"}};

struct Capabilities {
  std::vector<std::string> hosts;                               // patterns, checked, as written
  std::map<std::string, std::vector<std::string>> credentials;  // name -> patterns within hosts
  std::vector<std::string> protocols;                           // of kProtocols
  std::vector<std::string> secrets;
  int64_t kv_bytes = 0;
  Budget budget;
  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

// Reads the object at `path` ("capabilities"); every error names the key's path. Unknown keys,
// doubled entries and illegal host patterns are errors.
Result<Capabilities> readCapabilities(const Json& json, const std::string& path);
Json toJson(const Capabilities& capabilities);

// In words, one line each: "network: api.acme.com". Empty: it asks for nothing.
std::vector<std::string> describe(const Capabilities& capabilities);
// What `after` may do beyond `before`, in the same words. Empty: nothing was widened.
std::vector<std::string> widenings(const Capabilities& before, const Capabilities& after);

}  // namespace junctor::trust
