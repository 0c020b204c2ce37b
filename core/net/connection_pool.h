#pragma once
// ConnectionPool: the kept connections, handles and waiting requests of one pool name under one
// grant and one set of trust anchors. A connection made under a grant is thereby never used
// without it. One thread.
#include <curl/curl.h>

#include <deque>
#include <memory>
#include <vector>

#include "net/transfer.h"

namespace junctor::net {

class ConnectionPool {
 public:
  explicit ConnectionPool(SocketPoller& poller);
  ~ConnectionPool();  // closes its connections
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // A handle that is free; made if all are busy.
  Transfer& borrow();
  void giveBack(Transfer& transfer, int64_t now_ns);

  bool busy() const { return running_ > 0 || !waiting.empty(); }
  // A kept connection is at rest: the next request needs no new one.
  bool hasSpare() const { return connections > running_; }
  bool full() const { return running_ >= limits::kConnectionsPerDestination; }
  const std::vector<std::unique_ptr<Transfer>>& transfers() const { return transfers_; }
  int64_t lastUsedNs() const { return last_used_ns_; }

  std::deque<PendingRequest> waiting;
  size_t connections = 0;   // open, counted by the poller
  bool listed = false;      // stands in the client's list of pools that may start something
  std::string checked_url;  // the last URL that passed checkUrl()

 private:
  SocketPoller& poller_;
  CURLSH* const share_;
  std::vector<std::unique_ptr<Transfer>> transfers_;
  std::vector<Transfer*> free_;
  size_t running_ = 0;
  int64_t last_used_ns_ = 0;
};

}  // namespace junctor::net
