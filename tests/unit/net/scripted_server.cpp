#include "unit/net/scripted_server.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace junctor::net::testing {
namespace {

size_t contentLength(const std::string& head) {
  const char* const found = ::strcasestr(head.c_str(), "\r\ncontent-length:");
  return found == nullptr ? 0 : std::strtoul(found + 17, nullptr, 10);
}

SSL_CTX* openIdentity(const std::string& name) {
  SSL_CTX* context = ::SSL_CTX_new(TLS_server_method());
  const std::string base = std::string(JUNCTOR_TEST_DATA) + "/tls/" + name;
  ::SSL_CTX_use_certificate_file(context, (base + ".pem").c_str(), SSL_FILETYPE_PEM);
  ::SSL_CTX_use_PrivateKey_file(context, (base + ".key").c_str(), SSL_FILETYPE_PEM);
  return context;
}

}  // namespace

int Peer::readSome(char* out, size_t size) {
  const int count = tls_ != nullptr ? ::SSL_read(tls_, out, static_cast<int>(size))
                                    : static_cast<int>(::recv(fd_, out, size, 0));
  if (count <= 0) gone_ = true;
  return count;
}

std::string Peer::readRequest() {
  while (open()) {
    const size_t head = buffered_.find("\r\n\r\n");
    if (head != std::string::npos) {
      const size_t size = head + 4 + contentLength(buffered_.substr(0, head + 2));
      if (buffered_.size() >= size) {
        std::string request = buffered_.substr(0, size);
        buffered_.erase(0, size);
        return request;
      }
    }
    char bytes[16384];
    const int count = readSome(bytes, sizeof bytes);
    if (count > 0) buffered_.append(bytes, static_cast<size_t>(count));
  }
  return "";
}

bool Peer::send(const std::string& text) {
  for (size_t sent = 0; sent < text.size() && open();) {
    const char* from = text.data() + sent;
    const size_t left = text.size() - sent;
    const int count = tls_ != nullptr ? ::SSL_write(tls_, from, static_cast<int>(left))
                                      : static_cast<int>(::send(fd_, from, left, MSG_NOSIGNAL));
    if (count <= 0) {
      gone_ = true;
    } else {
      sent += static_cast<size_t>(count);
    }
  }
  return open();
}

bool Peer::drip(const std::string& text, int pause_ms) {
  for (const char c : text) {
    if (!send(std::string(1, c))) return false;
    pollfd end{fd_, POLLRDHUP, 0};
    if (::poll(&end, 1, pause_ms) > 0) gone_ = true;
  }
  return open();
}

void Peer::waitForBytes() {
  pollfd more{fd_, POLLIN, 0};
  while (open() && ::poll(&more, 1, 100) == 0) {
  }
}

void Peer::endOutput() {
  ::shutdown(fd_, SHUT_WR);
  tcp_info info{};
  for (socklen_t size = sizeof info; open(); size = sizeof info) {
    ::getsockopt(fd_, IPPROTO_TCP, TCP_INFO, &info, &size);
    if (info.tcpi_state != TCP_FIN_WAIT1) return;
    ::poll(nullptr, 0, 1);
  }
}

void Peer::reset() {
  for (int unsent = 1; open() && ::ioctl(fd_, SIOCOUTQ, &unsent) == 0 && unsent > 0;) {
    ::poll(nullptr, 0, 1);
  }
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  ::connect(fd_, &nobody, sizeof nobody);
  gone_ = true;
}

void Peer::waitForEnd() {
  char bytes[4096];
  while (open()) readSome(bytes, sizeof bytes);
}

ScriptedServer::ScriptedServer(std::function<void(Peer&)> script, const std::string& identity)
    : script_(std::move(script)), tls_(identity.empty() ? nullptr : openIdentity(identity)) {
  listen_fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(listen_fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
  socklen_t size = sizeof address;
  ::getsockname(listen_fd_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  ::listen(listen_fd_, 512);
  acceptor_ = Thread("acceptor", [this] { acceptAll(); });
}

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  ::shutdown(listen_fd_, SHUT_RDWR);
  acceptor_.join();
  {
    std::lock_guard lock(mutex_);
    for (const int fd : peer_fds_) ::shutdown(fd, SHUT_RDWR);
  }
  peers_.clear();
  for (const int fd : peer_fds_) ::close(fd);
  ::close(listen_fd_);
  if (tls_ != nullptr) ::SSL_CTX_free(tls_);
}

std::string ScriptedServer::url(const std::string& path) const {
  return (tls_ != nullptr ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_) +
         path;
}

// SIGPIPE is blocked for the server's threads alone: the client must cope without.
void ScriptedServer::acceptAll() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  while (!stopping_) {
    const int fd = ::accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections_;
    {
      std::lock_guard lock(mutex_);
      peer_fds_.push_back(fd);
    }
    peers_.emplace_back("peer", [this, fd] { serve(fd); });
  }
}

// The descriptor is closed with the server, so that its number is not used twice before.
void ScriptedServer::serve(int fd) {
  SSL* tls = nullptr;
  if (tls_ != nullptr) {
    tls = ::SSL_new(tls_);
    ::SSL_set_fd(tls, fd);
    if (::SSL_accept(tls) != 1) {
      ::SSL_free(tls);
      ::shutdown(fd, SHUT_RDWR);
      return;
    }
  }
  Peer peer(fd, tls, stopping_);
  script_(peer);
  if (tls != nullptr) {
    ::SSL_shutdown(tls);
    ::SSL_free(tls);
  }
  ::shutdown(fd, SHUT_RDWR);
}

std::function<void(Peer&)> answering(std::string response) {
  return [response = std::move(response)](Peer& peer) {
    while (!peer.readRequest().empty()) peer.send(response);
  };
}

std::string okResponse(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace junctor::net::testing
