#pragma once
// HttpServer: the event-driven HTTP/1.1 front. One reactor thread (Poco) reads, frames strictly
// (RFC 9112; anything doubtful is 400 and close), enforces every limit and deadline, and answers
// pipelined requests in order.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/limits.h"
#include "base/result.h"
#include "net/http_message.h"

namespace junctor::net {

// The promise of one answer. Thread-safe. Exactly one reply counts, later ones are ignored; if it
// is destroyed without reply the client gets 500. Replies to a connection that is gone are dropped.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void reply(HttpResponse response) = 0;
};
using ResponderPtr = std::shared_ptr<Responder>;

// What a listener does with requests. Both functions run on the reactor thread and must not block.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  struct Admission {
    size_t body_bytes_max = limits::kBodyBytesMax;  // more: 413 before it is buffered
    std::optional<HttpResponse> refuse;             // answer now, never read the body
  };
  // Called when the head is complete; `head.body` is empty.
  virtual Admission admit(const HttpRequest& head) = 0;
  // Called with the whole request. May answer at once or keep the responder and answer later.
  virtual void handle(HttpRequest request, ResponderPtr responder) = 0;
};

struct TlsFiles {
  std::string certificate_chain;  // PEM
  std::string private_key;        // PEM
};

// Whether a server could use them; the error names the file.
Result<void> checkTlsFiles(const TlsFiles& files);

struct HttpServerOptions {
  std::string name = "http";       // thread name and log field
  std::string address = "127.0.0.1:0";  // host:port or [v6]:port; port 0 = any free one
  std::optional<TlsFiles> tls;
  size_t connections_max = limits::kConnectionsMax;
  size_t connections_per_address_max = limits::kConnectionsPerAddressMax;
  size_t partial_bodies_bytes_max = limits::kPartialBodiesBytesMax;
  int64_t header_deadline_ms = limits::kHeaderDeadlineMs;
  int64_t request_deadline_ms = limits::kRequestDeadlineMs;
  int64_t response_deadline_ms = limits::kResponseDeadlineMs;
  int64_t idle_deadline_ms = limits::kIdleDeadlineMs;
};

struct HttpServerStats {
  uint64_t connections_open = 0, connections_total = 0, connections_refused = 0;
  uint64_t requests_total = 0, malformed_total = 0, timeouts_total = 0;
  uint64_t shed_total = 0;  // answered 503 because too many bodies were under way
};

class HttpServer {
 public:
  virtual ~HttpServer() = default;  // stops at once
  virtual std::string address() const = 0;  // "127.0.0.1:8080" as bound
  virtual uint16_t port() const = 0;
  // Stops accepting, answers what was begun, closes; returns when done or after `deadline_ms`.
  virtual void drain(int64_t deadline_ms) = 0;
  // Reads the certificate files again; connections made from now on use them. On error the old
  // ones stay.
  virtual Result<void> reloadTls() = 0;
  virtual HttpServerStats stats() const = 0;
};

// Binds, listens and starts the reactor thread. `handler` must outlive the server.
Result<std::unique_ptr<HttpServer>> startHttpServer(const HttpServerOptions& options,
                                                    HttpHandler& handler, const Clock& clock);

}  // namespace junctor::net
