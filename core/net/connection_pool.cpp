#include "net/connection_pool.h"

#include <algorithm>

namespace junctor::net {

Connection* ConnectionPool::takeIdle(const Url& to) {
  const auto found = std::find_if(idle_.rbegin(), idle_.rend(),
                                  [&](const Connection* idle) { return idle->leadsTo(to); });
  if (found == idle_.rend()) return nullptr;
  Connection* const connection = *found;
  idle_.erase(std::next(found).base());
  return connection;
}

Connection& ConnectionPool::open(SocketPoller& poller, const OutboundRequest& request,
                                 const Url& to, int64_t now_ns) {
  auto made = std::make_unique<Connection>(*this, poller, request, to, now_ns);
  Connection& connection = *made;
  all_.emplace(&connection, std::move(made));
  return connection;
}

void ConnectionPool::rest(Connection& connection, int64_t now_ns) {
  last_used_ns_ = connection.idle_since_ns = now_ns;
  idle_.push_back(&connection);
}

void ConnectionPool::close(Connection& connection) {
  std::erase(idle_, &connection);
  all_.erase(&connection);
}

std::vector<Connection*> ConnectionPool::idleSince(int64_t before_ns) const {
  std::vector<Connection*> out;
  for (Connection* idle : idle_) {
    if (idle->idle_since_ns <= before_ns) out.push_back(idle);
  }
  return out;
}

}  // namespace junctor::net
