#pragma once
// ConnectionPool: the connections and waiting requests of one pool name under one grant and one
// set of trust anchors. A connection made under a grant is thereby never used without it.
// One thread.
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "net/connection.h"

namespace junctor::net {

class ConnectionPool {
 public:
  // A connection at rest that leads to `url`, the last used first; nullptr if there is none.
  Connection* takeIdle(const Url& url);
  Connection& open(SocketPoller& poller, const OutboundRequest& request, const Url& url,
                   int64_t now_ns);
  void rest(Connection& connection, int64_t now_ns);  // becomes idle
  void close(Connection& connection);
  std::vector<Connection*> idleSince(int64_t before_ns) const;

  bool busy() const { return all_.size() > idle_.size() || !waiting.empty(); }
  bool full() const { return all_.size() - idle_.size() >= limits::kConnectionsPerDestination; }
  bool hasIdle() const { return !idle_.empty(); }
  int64_t lastUsedNs() const { return last_used_ns_; }

  std::deque<PendingRequest> waiting;
  size_t connections = 0;   // sockets open, counted by the poller
  bool listed = false;      // stands in the client's list of pools that may start something
  std::string checked_url;  // the last URL that passed checkUrl(), and what it means
  Url url;

 private:
  std::unordered_map<Connection*, std::unique_ptr<Connection>> all_;
  std::vector<Connection*> idle_;  // the last used at the end
  int64_t last_used_ns_ = 0;
};

}  // namespace junctor::net
