#pragma once
// Connection: a dialed socket and the one request it carries at a time. One thread.
#include <optional>
#include <span>
#include <string>

#include "net/dialed_socket.h"
#include "net/outbox.h"
#include "net/response_reader.h"
#include "net/url.h"

namespace junctor::net {

class ConnectionPool;

class Connection {
 public:
  enum class Progress { Waiting, Finished };

  Connection(ConnectionPool& pool, SocketPoller& poller, const OutboundRequest& first,
             const Url& url, int64_t now_ns);

  DialedSocket& socket() { return socket_; }
  ConnectionPool& pool() const { return pool_; }
  bool leadsTo(const Url& url) const {
    return url.tls == tls_ && url.port == port_ && url.host == host_;
  }
  int64_t openedNs() const { return opened_ns_; }

  // Takes a request; with a connection that still dials it goes out once that has succeeded.
  void assign(PendingRequest&& pending, const Url& url, int64_t now_ns);
  bool busy() const { return pending_.has_value(); }
  int64_t deadlineNs() const { return pending_->deadline_ns; }
  bool connected() const { return socket_.fd() >= 0; }

  // Writes and reads what can be. `scratch` is room for received bytes. Finished: result() is set.
  Progress advance(std::span<char> scratch);
  bool writing() const { return written_ < size(); }

  // After Finished, or when the caller gives up on the request.
  Result<OutboundResponse> result(int64_t now_ns);
  PendingRequest takePending();
  // The connection may carry another request.
  bool reusable() const { return reusable_; }
  // It was kept from an earlier answer and ended without a word before the request was out whole.
  // Nobody can have acted on it: the request deserves a fresh connection.
  bool wentStale() const { return reused_ && stale_; }

  int64_t idle_since_ns = 0;
  size_t active_index = 0;  // in the client's list of running connections

 private:
  size_t size() const { return head_.size() + bodyOf().size(); }
  std::string_view bodyOf() const;
  bool writeSome();  // false: the connection has ended
  Progress readSome(std::span<char> scratch);
  Progress finish(ResponseReader::State state);
  Progress finishEnded();

  ConnectionPool& pool_;
  DialedSocket socket_;
  const bool tls_;
  const uint16_t port_;
  const std::string host_;
  const int64_t opened_ns_;
  // The running request.
  std::optional<PendingRequest> pending_;
  int64_t started_ns_ = 0;
  std::string head_;
  size_t written_ = 0;
  ResponseReader reader_;
  bool failed_ = false;
  bool lost_ = false;  // the connection ended out of order
  bool reusable_ = false;
  bool reused_ = false;
  bool stale_ = false;
};

}  // namespace junctor::net
