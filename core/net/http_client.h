#pragma once
// HttpClient: all outbound HTTP, on one loop thread. libcurl's multi interface dials and encrypts;
// requests and answers are written and read here (dialed_socket.h says why). Every byte passes the
// guarded dialer (P8): an address is checked at the moment it is connected to, so DNS games and odd
// spellings of addresses do not help. Redirects are not followed, proxies from the environment are
// ignored, TLS verification cannot be turned off.
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/limits.h"
#include "base/result.h"
#include "net/http_message.h"

namespace junctor::net {

struct OutboundRequest {
  std::string method = "POST";
  std::string url;              // http:// or https://
  Headers headers;
  std::shared_ptr<const std::string> body;
  std::string pool;             // connections are shared only within one pool: "tenant/destination"
  bool allow_private = false;   // the destination's tenant was granted private networks
  std::string ca_file;          // extra trust anchors for this destination, "" = system's
  int64_t timeout_ms = limits::kDeliveryTimeoutMs;         // total, from send() to last byte
  int64_t connect_timeout_ms = limits::kConnectTimeoutMs;
  size_t response_bytes_max = limits::kResponseBytesMax;
};

struct OutboundResponse {
  int status = 0;
  Headers headers;
  std::string body;
  int64_t latency_us = 0;  // without the wait for a free connection
};

// Error codes: PermissionDenied (address or scheme refused), DeadlineExceeded, Unavailable (DNS,
// connect, TLS, connection lost before an answer), DataLoss (truncated or broken answer),
// ResourceExhausted (answer over its cap), InvalidArgument (URL, method or header).
// Cancelled: the client stopped, or never sent: its connection caps were full until the deadline.
// A request that a kept connection did not take whole before it ended goes out once more; one that
// was written whole never does: the receiver may have acted on it.
using OutboundDone = std::function<void(Result<OutboundResponse>)>;

class HttpClient {
 public:
  virtual ~HttpClient() = default;  // cancels what is in flight
  // Any thread. `done` runs on the client's loop thread and must not block.
  virtual void send(OutboundRequest request, OutboundDone done) = 0;
  virtual size_t inFlight() const = 0;
};

std::unique_ptr<HttpClient> startHttpClient(const Clock& clock);

// Checks scheme, host and port of a destination URL without resolving it; literal addresses are
// classified. For use when a destination is created.
Result<void> checkUrl(const std::string& url, bool allow_private);

// May this socket address be dialed? Global unicast only, unless `allow_private`. Even then
// link-local metadata addresses, multicast, broadcast and unspecified stay refused.
struct AddressVerdict {
  bool allowed = false;
  std::string reason;  // "private", "loopback", "link-local", "multicast", …
};
AddressVerdict classifyAddress(std::string_view ip_literal, bool allow_private);

}  // namespace junctor::net
