#include "net/socket_watch.h"

namespace junctor::net {

SocketWatch::SocketWatch(Poco::Net::SocketReactor& reactor, const Poco::Net::Socket& socket,
                         SocketHandler& handler)
    : reactor_(reactor),
      socket_(socket),
      handler_(handler),
      on_readable_(*this, &SocketWatch::readable),
      on_writable_(*this, &SocketWatch::writable),
      on_failed_(*this, &SocketWatch::failed) {
  reactor_.addEventHandler(socket_, on_failed_);
  reactor_.addEventHandler(socket_, on_readable_);
}

void SocketWatch::want(bool read, bool write) {
  if (!active_ || (read == reading_ && write == writing_)) return;
  if (read && !reading_) reactor_.addEventHandler(socket_, on_readable_);
  if (write && !writing_) reactor_.addEventHandler(socket_, on_writable_);
  if (!read && reading_) reactor_.removeEventHandler(socket_, on_readable_);
  if (!write && writing_) reactor_.removeEventHandler(socket_, on_writable_);
  // Adding a handler that is there already makes the reactor compute the poll mode afresh.
  const bool lowered = (!read && reading_) || (!write && writing_);
  if (lowered) reactor_.addEventHandler(socket_, on_failed_);
  reading_ = read;
  writing_ = write;
}

void SocketWatch::stop() {
  if (!active_) return;
  active_ = false;
  if (reading_) reactor_.removeEventHandler(socket_, on_readable_);
  if (writing_) reactor_.removeEventHandler(socket_, on_writable_);
  reactor_.removeEventHandler(socket_, on_failed_);
}

}  // namespace junctor::net
