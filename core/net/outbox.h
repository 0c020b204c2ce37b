#pragma once
// Outbox: requests on their way from any thread to the client's loop. The loop is woken (one write
// to an eventfd) only if it sleeps, so a burst of sends costs one wake-up.
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "net/http_client.h"

namespace junctor::net {

struct PendingRequest {
  OutboundRequest request;
  OutboundDone done;
  int64_t deadline_ns = 0;  // monotonic
};

class Outbox {
 public:
  Outbox();
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  int wakeFd() const { return wake_fd_; }
  // Any thread. False once closed: `pending` is untouched.
  bool push(PendingRequest& pending);
  void close();

  // The loop's side. Swaps what waits into `out` (given empty). If nothing waits and `may_sleep`,
  // the next push or close writes to wakeFd().
  void take(std::vector<PendingRequest>& out, bool may_sleep);
  void awake() { sleeping_.store(false, std::memory_order_relaxed); }
  bool closed() const { return closed_.load(std::memory_order_acquire); }

 private:
  void wake();

  const int wake_fd_;
  std::atomic<bool> sleeping_{false};  // set under mutex_, so no push is overlooked
  std::atomic<bool> closed_{false};    // set under mutex_
  std::mutex mutex_;
  std::vector<PendingRequest> waiting_;  // guarded by mutex_
};

}  // namespace junctor::net
