#include "net/socket_poller.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace junctor::net {

SocketPoller::SocketPoller(int wake_fd)
    : epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)), wake_fd_(wake_fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_fd;
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd, &event);
}

SocketPoller::~SocketPoller() {
  ::close(epoll_fd_);
}

SocketPoller::Watch& SocketPoller::at(int fd) {
  const auto index = static_cast<size_t>(fd);
  if (index >= watches_.size()) watches_.resize(index + 64);
  return watches_[index];
}

void SocketPoller::opened(int fd, size_t& count) {
  at(fd) = {0, 0, &count};
  ++count;
  ++connections_;
}

void SocketPoller::closed(int fd) {
  Watch& watch = at(fd);
  if (watch.count != nullptr) {
    --*watch.count;
    --connections_;
  }
  watch = {};  // closing takes it out of epoll
}

void SocketPoller::registerEvents(int fd, Watch& watch, uint32_t events) {
  if (events == watch.registered) return;
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  const int operation = events == 0             ? EPOLL_CTL_DEL
                        : watch.registered == 0 ? EPOLL_CTL_ADD
                                                : EPOLL_CTL_MOD;
  if (::epoll_ctl(epoll_fd_, operation, fd, &event) != 0 && events != 0) {
    log::error("net", {}, "epoll_ctl failed: {}", std::strerror(errno));
  }
  watch.registered = events;
}

void SocketPoller::want(int fd, uint32_t events) {
  Watch& watch = at(fd);
  watch.wanted = events;
  const bool keep_idle = events == 0 && watch.count != nullptr && watch.registered == EPOLLIN;
  if (!keep_idle) registerEvents(fd, watch, events);
}

int SocketPoller::pollOnce(int timeout_ms) {
  return ::epoll_wait(epoll_fd_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
}

void SocketPoller::drainWake() {
  uint64_t count = 0;
  while (::read(wake_fd_, &count, sizeof count) < 0 && errno == EINTR) {
  }
}

// An idle connection speaks only to say that it ends; curl finds that out when it looks.
bool SocketPoller::stillWanted(int fd) {
  Watch& watch = at(fd);
  if (watch.wanted != 0) return true;
  registerEvents(fd, watch, 0);
  return false;
}

}  // namespace junctor::net
