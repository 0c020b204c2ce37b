#pragma once
// Requests that a sender signed, for connectors that check signatures themselves: nobody else
// knows how to sign, so they are recorded. fixtures/signatures.json:
//   {"secret": "made for this file",            the live secret (junctor.crypto/1)
//    "secrets": {"pass": "…"},                  named ones (junctor.secrets/1), if there are any
//    "time": {"header": "X-Time", "tolerance_s": 300, "future_ok": false},   if a time is signed
//    "requests": [{"file": "order.json", "at_ms": 1763700000000, "headers": {"X-Mark": "…"},
//                  "method": "POST", "url": "https://…"}]}
// A request's body is its file, byte for byte; headers of the manifest's sample are added.
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "conformance/fixture.h"
#include "plugin/connector.h"

namespace junctor::conformance {

inline constexpr const char* kSignaturesFile = "signatures.json";

struct RecordedRequest {
  std::string file;
  Delivery delivery;
};
struct RecordedSignatures {
  std::string secret;
  std::map<std::string, std::string> named;
  std::string time_header;  // "" = the time stands elsewhere, or there is none
  int64_t tolerance_s = 0;  // 0 = there is no time
  bool future_ok = false;
  std::vector<RecordedRequest> requests;
};

// InvalidArgument: it is not there, not of that form, or leaves out one of the manifest's samples.
Result<RecordedSignatures> readSignatures(const Fixtures& fixtures,
                                          const plugin::Manifest& manifest);

}  // namespace junctor::conformance
