#include "net/dialed_socket.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "net/address.h"
#include "net/reach_error.h"

namespace junctor::net {
namespace {

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  curl_easy_setopt(easy, option, value);
}

DialedSocket::Io outcome(CURLcode code, size_t bytes) {
  using State = DialedSocket::Io::State;
  if (code == CURLE_AGAIN) return {State::Again, 0};
  if (code != CURLE_OK) return {State::Lost, 0};
  return {bytes == 0 ? State::Closed : State::Ok, bytes};
}

DialedSocket::Io outcome(ssize_t result) {
  using State = DialedSocket::Io::State;
  if (result > 0) return {State::Ok, static_cast<size_t>(result)};
  if (result == 0) return {State::Closed, 0};
  if (errno == EAGAIN || errno == EINTR) return {State::Again, 0};
  // EPIPE: the reset came behind an orderly end, which is still to be read.
  return {errno == EPIPE ? State::Closed : State::Lost, 0};
}

}  // namespace

DialedSocket::DialedSocket(SocketPoller& poller, size_t& count, const OutboundRequest& request,
                           bool tls)
    : poller_(poller),
      count_(count),
      tls_(tls),
      allow_private_(request.allow_private),
      easy_(curl_easy_init()) {
  setOptions(request);
}

DialedSocket::~DialedSocket() {
  hangUp();
  curl_easy_cleanup(easy_);
}

void DialedSocket::setOptions(const OutboundRequest& request) {
  set(easy_, CURLOPT_URL, request.url.c_str());
  set(easy_, CURLOPT_CONNECT_ONLY, 1L);
  set(easy_, CURLOPT_FRESH_CONNECT, 1L);
  set(easy_, CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(std::max<int64_t>(request.connect_timeout_ms, 1)));
  set(easy_, CURLOPT_NOSIGNAL, 1L);
  set(easy_, CURLOPT_QUICK_EXIT, 1L);  // a hanging resolver does not hold the loop
  set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(easy_, CURLOPT_PROXY, "");  // not from the environment either
  set(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
  set(easy_, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  // Beside the system's folder of anchors, which stays in use.
  if (!request.ca_file.empty()) set(easy_, CURLOPT_CAINFO, request.ca_file.c_str());
  set(easy_, CURLOPT_TCP_NODELAY, 1L);
  set(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy_, CURLOPT_OPENSOCKETFUNCTION, &DialedSocket::openSocket);
  set(easy_, CURLOPT_OPENSOCKETDATA, this);
  set(easy_, CURLOPT_CLOSESOCKETFUNCTION, &DialedSocket::closeSocket);
  set(easy_, CURLOPT_CLOSESOCKETDATA, &poller_);
}

void DialedSocket::dial(CURLM* multi, void* owner) {
  set(easy_, CURLOPT_PRIVATE, owner);
  multi_ = multi;
  curl_multi_add_handle(multi, easy_);
}

void DialedSocket::hangUp() {
  if (multi_ != nullptr) curl_multi_remove_handle(multi_, easy_);
  multi_ = nullptr;
  fd_ = -1;
}

bool DialedSocket::takeOver() {
  curl_socket_t fd = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy_, CURLINFO_ACTIVESOCKET, &fd);
  if (fd == CURL_SOCKET_BAD) return false;
  fd_ = fd;
  // The first call to curl ties the handle to its connection, which curl would else count as idle
  // and close one day. With TLS that is the first write.
  // Its outcome does not matter: no byte is asked for.
  if (tls_) return true;
  char nothing = 0;
  size_t received = 0;
  curl_easy_recv(easy_, &nothing, 0, &received);
  return true;
}

// The guarded dialer. curl connects to the very address it passes here, so nothing that happens
// in DNS before or after changes the verdict.
curl_socket_t DialedSocket::openSocket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& socket = *static_cast<DialedSocket*>(self);
  const AddressVerdict verdict = classifySocketAddress(address->addr, socket.allow_private_);
  if (!verdict.allowed) {
    socket.denied_reason_ = verdict.reason;
    return CURL_SOCKET_BAD;
  }
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                          address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  socket.poller_.opened(fd, socket.count_);
  return fd;
}

int DialedSocket::closeSocket(void* poller, curl_socket_t fd) {
  static_cast<SocketPoller*>(poller)->closed(fd);
  return ::close(fd);
}

Error DialedSocket::dialError(CURLcode code) const {
  if (auto unreached = reachError(code, denied_reason_)) return *std::move(unreached);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return makeError(ErrorCode::DeadlineExceeded, "no connection in time");
    case CURLE_SSL_CACERT_BADFILE:
      return unavailable("TLS: ca_file cannot be read");
    case CURLE_SSL_CONNECT_ERROR:
      return unavailable("TLS: no handshake");
    case CURLE_URL_MALFORMAT:
      return invalidArgument("the URL cannot be used");
    default:
      return unavailable("no connection");
  }
}

bool DialedSocket::quiet() const {
  char next = 0;
  return ::recv(fd_, &next, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR);
}

DialedSocket::Io DialedSocket::writePlain(std::string_view first, std::string_view second,
                                          size_t offset) {
  iovec parts[2];
  size_t count = 0;
  for (std::string_view part : {first, second}) {
    const size_t skip = std::min(offset, part.size());
    offset -= skip;
    part.remove_prefix(skip);
    if (!part.empty()) parts[count++] = {const_cast<char*>(part.data()), part.size()};
  }
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = count;
  return outcome(::sendmsg(fd_, &message, MSG_NOSIGNAL));
}

DialedSocket::Io DialedSocket::write(std::string_view first, std::string_view second,
                                     size_t offset) {
  if (!tls_) return writePlain(first, second, offset);
  const std::string_view part =
      offset < first.size() ? first.substr(offset) : second.substr(offset - first.size());
  size_t sent = 0;
  const CURLcode code = curl_easy_send(easy_, part.data(), part.size(), &sent);
  return outcome(code, sent);
}

DialedSocket::Io DialedSocket::read(char* out, size_t size) {
  if (!tls_) return outcome(::recv(fd_, out, size, 0));
  size_t received = 0;
  const CURLcode code = curl_easy_recv(easy_, out, size, &received);
  return outcome(code, received);
}

}  // namespace junctor::net
