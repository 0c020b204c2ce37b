#pragma once
// ScriptedServer: an HTTP server on loopback that answers as a script says, well or badly, over
// plain sockets or TLS. One thread per connection.
#include <openssl/ssl.h>

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <vector>

#include "base/threads.h"

namespace junctor::net::testing {

// One accepted connection. All calls return at once when the client has gone or the server stops.
class Peer {
 public:
  Peer(int fd, SSL* tls, const std::atomic<bool>& stopping)
      : fd_(fd), tls_(tls), stopping_(stopping) {}

  // Head and body of the next request; "" when there is none.
  std::string readRequest();
  bool send(const std::string& text);
  // One byte of `text` at a time.
  bool drip(const std::string& text, int pause_ms);
  bool open() const { return !gone_ && !stopping_; }
  // Until the client has sent something more, or closed.
  void waitForBytes();
  // Half a close: returns when the client's side has heard of it.
  void endOutput();
  // Ends the connection with a reset, once the client's side holds all that was sent.
  void reset();
  // Until the client closes.
  void waitForEnd();

 private:
  int readSome(char* out, size_t size);

  int fd_;
  SSL* tls_;
  const std::atomic<bool>& stopping_;
  bool gone_ = false;
  std::string buffered_;
};

class ScriptedServer {
 public:
  // `script` runs once per connection.
  explicit ScriptedServer(std::function<void(Peer&)> script, const std::string& identity = "");
  ~ScriptedServer();

  int port() const { return port_; }
  std::string url(const std::string& path = "/hook") const;
  int connections() const { return connections_; }

 private:
  void acceptAll();
  void serve(int fd);

  std::function<void(Peer&)> script_;
  SSL_CTX* tls_ = nullptr;
  int listen_fd_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::list<Thread> peers_;  // of the accepting thread until it is joined
  std::mutex mutex_;
  std::vector<int> peer_fds_;  // guarded by mutex_
  Thread acceptor_;
};

// Answers every request of a connection with `response`.
std::function<void(Peer&)> answering(std::string response);
std::string okResponse(const std::string& body = "ok");

}  // namespace junctor::net::testing
