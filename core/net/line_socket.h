#pragma once
// LineSocket: one connection for protocols that are no HTTP, dialed through the same guard as all
// else (P8) and read and written by blocking calls. One thread.
#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace junctor::net {

// What every call on a connection is held to.
struct LineLimits {
  int64_t deadline_ns = 0;                       // on Clock::monotonicNs()
  const std::atomic<bool>* cancelled = nullptr;  // looked at a few times a second
  size_t bytes_max = 0;                          // read in all
  bool allow_private = false;
};

class LineSocket {
 public:
  virtual ~LineSocket() = default;
  // `tls`: from the first byte, the certificate verified against `host`. Errors as HttpClient.
  static Result<std::unique_ptr<LineSocket>> dial(const std::string& host, uint16_t port, bool tls,
                                                  const LineLimits& limits, const Clock& clock);

  virtual Result<void> write(std::string_view bytes) = 0;
  // Up to and without "\r\n" (or a bare '\n'). DataLoss: it ended before; ResourceExhausted: too
  // long.
  virtual Result<std::string> readLine() = 0;
  virtual Result<std::string> read(size_t bytes) = 0;
};

}  // namespace junctor::net
