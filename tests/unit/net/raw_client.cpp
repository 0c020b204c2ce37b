#include "unit/net/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "base/bytes.h"

namespace junctor::testing {

std::string RawResponse::header(std::string_view name) const {
  size_t at = head.find("\r\n");
  while (at != head.npos && at + 2 < head.size()) {
    const size_t start = at + 2;
    at = head.find("\r\n", start);
    const std::string_view line = std::string_view(head).substr(start, at - start);
    const size_t colon = line.find(':');
    if (colon == line.npos || !equalsIgnoreCase(line.substr(0, colon), name)) continue;
    return std::string(trim(line.substr(colon + 1)));
  }
  return "";
}

RawClient::RawClient(uint16_t port, int receive_buffer_bytes) {
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (receive_buffer_bytes > 0) {
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                 sizeof receive_buffer_bytes);
  }
  const timeval patience{60, 0};  // a hung server fails the test instead of hanging it
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(descriptor_);
    throw std::runtime_error("cannot connect to the server under test");
  }
}

RawClient::~RawClient() {
  ::close(descriptor_);
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

void RawClient::endSending() {
  ::shutdown(descriptor_, SHUT_WR);
}

bool RawClient::fill() {
  char buffer[16384];
  const ssize_t count = ended_ ? 0 : ::recv(descriptor_, buffer, sizeof buffer, 0);
  if (count < 0 && errno == EAGAIN)
    throw std::runtime_error("the server neither answers nor closes");
  if (count <= 0) {
    ended_ = true;
    return false;
  }
  received_.append(buffer, static_cast<size_t>(count));
  return true;
}

std::optional<RawResponse> RawClient::receive(bool to_head) {
  size_t end = received_.npos;
  while ((end = received_.find("\r\n\r\n")) == received_.npos) {
    if (!fill()) return std::nullopt;
  }
  RawResponse response;
  response.head = received_.substr(0, end + 4);
  received_.erase(0, end + 4);
  response.status = std::atoi(response.head.substr(9, 3).c_str());
  const std::string length = response.header("Content-Length");
  const size_t bytes = to_head || length.empty() ? 0 : std::stoul(length);
  while (received_.size() < bytes) {
    if (!fill()) return std::nullopt;
  }
  response.body = received_.substr(0, bytes);
  received_.erase(0, bytes);
  return response;
}

bool RawClient::closedByServer() {
  while (fill()) {
  }
  return received_.empty();
}

}  // namespace junctor::testing
