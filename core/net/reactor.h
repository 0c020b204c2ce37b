#pragma once
// Poco's reactor with the two things a server needs beside dispatch: a call at every turn, and
// watched descriptors that are not connections.
#include <Poco/Exception.h>
#include <Poco/Net/SocketReactor.h>

#include <functional>
#include <string>
#include <utility>

#include "base/log.h"
#include "net/socket_watch.h"

namespace junctor::net {

// Whatever escapes is logged here: Poco's own error handler would swallow it.
template <class Work>
void logged(const std::string& name, Work work) {
  try {
    work();
  } catch (const Poco::Exception& exception) {
    log::error("net", {{"listener", name}}, "reactor: {}", exception.displayText());
  } catch (const std::exception& exception) {
    log::error("net", {{"listener", name}}, "reactor: {}", exception.what());
  }
}

// Poco's reactor calls these two between poll and dispatch, and after a poll without reads.
class Reactor final : public Poco::Net::SocketReactor {
 public:
  Reactor(int64_t timeout_ms, std::function<void()> turn)
      : SocketReactor(Poco::Timespan(timeout_ms * 1000)), turn_(std::move(turn)) {}

 protected:
  void onBusy() override { turn_(); }
  void onTimeout() override { turn_(); }

 private:
  std::function<void()> turn_;
};

// A watched descriptor that is not a connection: the listener, the mailbox's event.
class EventSource final : private SocketHandler {
 public:
  EventSource(Poco::Net::SocketReactor& reactor, const Poco::Net::Socket& socket,
              std::function<void()> ready)
      : ready_(std::move(ready)), watch_(reactor, socket, *this) {}
  void want(bool read) { watch_.want(read, false); }

 private:
  void onReadable() override { ready_(); }
  void onWritable() override {}
  void onBroken() override {}

  std::function<void()> ready_;
  SocketWatch watch_;
};

}  // namespace junctor::net
