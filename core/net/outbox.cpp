#include "net/outbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace junctor::net {

Outbox::Outbox() : wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Outbox::~Outbox() {
  ::close(wake_fd_);
}

void Outbox::wake() {
  if (!sleeping_.exchange(false)) return;
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
}

bool Outbox::push(PendingRequest& pending) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return false;
    waiting_.push_back(std::move(pending));
  }
  wake();
  return true;
}

void Outbox::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake();
}

void Outbox::take(std::vector<PendingRequest>& out, bool may_sleep) {
  std::lock_guard lock(mutex_);
  waiting_.swap(out);
  sleeping_ = may_sleep && out.empty() && !closed_;
}

}  // namespace junctor::net
