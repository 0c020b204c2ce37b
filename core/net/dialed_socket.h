#pragma once
// DialedSocket: one connection, dialed and encrypted by libcurl (DNS without blocking, happy
// eyeballs, TLS), read and written by us. One thread.
// HTTP itself is not libcurl's here: it formats a request byte by byte, sets up and parses the URL
// anew each time (three quarters of the CPU of a delivery, measured), and takes a head that is cut
// short for an answer.
#include <curl/curl.h>

#include <string>
#include <string_view>

#include "net/http_client.h"
#include "net/socket_poller.h"

namespace junctor::net {

class DialedSocket {
 public:
  struct Io {
    // Closed: the peer ended in order, as far as one can see. Lost: reset, timed out, broken TLS.
    enum class State { Ok, Again, Closed, Lost } state = State::Lost;
    size_t bytes = 0;
  };

  // `count` counts the pool's open connections.
  DialedSocket(SocketPoller& poller, size_t& count, const OutboundRequest& request, bool tls);
  ~DialedSocket();
  DialedSocket(const DialedSocket&) = delete;
  DialedSocket& operator=(const DialedSocket&) = delete;

  // From dial() until hangUp() libcurl's multi handle holds the socket and reports the outcome.
  void dial(CURLM* multi, void* owner);
  void hangUp();
  bool takeOver();  // after CURLE_OK: the socket is ours
  Error dialError(CURLcode code) const;

  int fd() const { return fd_; }
  // Open, with nothing received: what a connection at rest must be to carry a request.
  bool quiet() const;
  // Of the two parts, joined, from `offset` on.
  Io write(std::string_view first, std::string_view second, size_t offset);
  Io read(char* out, size_t size);
  // Decrypted bytes may wait inside TLS, where the poller cannot see them: read until Again.
  bool tls() const { return tls_; }

 private:
  void setOptions(const OutboundRequest& request);
  Io writePlain(std::string_view first, std::string_view second, size_t offset);
  static curl_socket_t openSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int closeSocket(void* poller, curl_socket_t fd);

  SocketPoller& poller_;
  size_t& count_;
  const bool tls_;
  const bool allow_private_;
  CURL* const easy_;
  CURLM* multi_ = nullptr;
  int fd_ = -1;
  std::string denied_reason_;
};

}  // namespace junctor::net
