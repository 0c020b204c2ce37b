#pragma once
// SocketPoller: epoll for libcurl's sockets. One thread.
// curl forgets a connection's socket after each answer and asks for it again with the next
// request; a kept connection stays registered in between, so a request costs no epoll_ctl.
#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <vector>

namespace junctor::net {

class SocketPoller {
 public:
  explicit SocketPoller(int wake_fd);
  ~SocketPoller();
  SocketPoller(const SocketPoller&) = delete;
  SocketPoller& operator=(const SocketPoller&) = delete;

  // A connection's socket was made; `count` (of its pool) goes down again when it is closed.
  void opened(int fd, size_t& count);
  void closed(int fd);  // it is about to be closed
  size_t connections() const { return connections_; }

  // What curl wants to hear of `fd`: a mask of EPOLLIN and EPOLLOUT, 0 = nothing.
  void want(int fd, uint32_t events);

  // Waits at most `timeout_ms` (-1 = for ever), then calls ready(fd, events) for each socket that
  // has something curl wants.
  template <class Ready>
  void wait(int timeout_ms, Ready ready) {
    const int count = pollOnce(timeout_ms);
    for (int i = 0; i < count; ++i) {
      const int fd = events_[static_cast<size_t>(i)].data.fd;
      if (fd == wake_fd_) {
        drainWake();
      } else if (stillWanted(fd)) {
        ready(fd, events_[static_cast<size_t>(i)].events);
      }
    }
  }

 private:
  struct Watch {
    uint32_t registered = 0;  // what epoll knows
    uint32_t wanted = 0;      // what curl knows
    size_t* count = nullptr;  // set for connections
  };
  Watch& at(int fd);
  int pollOnce(int timeout_ms);
  void drainWake();
  bool stillWanted(int fd);
  void registerEvents(int fd, Watch& watch, uint32_t events);

  const int epoll_fd_;
  const int wake_fd_;
  std::vector<Watch> watches_;  // by descriptor
  size_t connections_ = 0;
  std::array<epoll_event, 256> events_;
};

}  // namespace junctor::net
