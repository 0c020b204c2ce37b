#pragma once
#include <poll.h>

#include <cerrno>

namespace junctor::isolation {

// Waits for one descriptor, -1 = for ever. What happened, 0 = the time is over. A signal ends the
// wait early, as if nothing had happened.
inline short pollOne(int fd, short events, int timeout_ms) {
  pollfd entry{fd, events, 0};
  return ::poll(&entry, 1, timeout_ms) > 0 ? entry.revents : short{0};
}

}  // namespace junctor::isolation
