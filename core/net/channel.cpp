#include "net/channel.h"

#include <Poco/Exception.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SecureStreamSocketImpl.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace junctor::net {
namespace {

using Poco::Net::SecureStreamSocket;
using Poco::Net::SocketImpl;
using Poco::Net::StreamSocket;
using Poco::Net::StreamSocketImpl;

// Poco keeps these to itself; deriving is the way it leaves open.
struct AdoptedSocket final : StreamSocket {
  explicit AdoptedSocket(SocketImpl* impl) : StreamSocket(impl) {}
};
struct TlsServerImpl final : Poco::Net::SecureStreamSocketImpl {
  TlsServerImpl(StreamSocketImpl* plain, const TlsContextPtr& tls)
      : SecureStreamSocketImpl(plain, tls) {
    acceptSSL();
    setPeerHostName("client");  // spares Poco a look-up of the address; nothing is verified by it
  }
};

StreamSocket adopt(int descriptor, const TlsContextPtr& tls) {
  StreamSocket plain = adoptDescriptor(descriptor);
  if (!tls) return plain;
  plain.setBlocking(false);  // tells Poco; the descriptor is non-blocking already
  return AdoptedSocket(new TlsServerImpl(static_cast<StreamSocketImpl*>(plain.impl()), tls));
}

// Poco 1.11 looks at errno and at OpenSSL's error queue after a call without clearing them before:
// an EINTR or an error left by another connection would make it spin or fail this one.
void forgetOldErrors() {
  errno = 0;
  ERR_clear_error();
}

int tlsResult(int result) {
  if (result >= 0) return result;
  if (result == SecureStreamSocket::ERR_SSL_WANT_READ) return Channel::kAgain;
  if (result == SecureStreamSocket::ERR_SSL_WANT_WRITE) return Channel::kAgainWrite;
  return Channel::kBroken;
}

// Plain sockets are read and written past Poco: its sendBytes() throws when a buffer is full.
int plainResult(ssize_t result, int again) {
  if (result >= 0) return static_cast<int>(result);
  return errno == EAGAIN || errno == EINTR ? again : Channel::kBroken;
}

}  // namespace

StreamSocket adoptDescriptor(int descriptor) {
  return AdoptedSocket(new StreamSocketImpl(descriptor));
}

Channel::Channel(int descriptor, const TlsContextPtr& tls)
    : secure_(!tls.isNull()), socket_(adopt(descriptor, tls)) {}

int Channel::read(char* buffer, size_t size) {
  if (!secure_) return plainResult(::recv(descriptor(), buffer, size, 0), kAgain);
  forgetOldErrors();
  try {
    return tlsResult(socket_.receiveBytes(buffer, static_cast<int>(size)));
  } catch (const Poco::Exception&) {
    return kBroken;  // a failed handshake, a reset: the peer's doing, nothing to report
  }
}

int Channel::write(const char* data, size_t size) {
  if (!secure_) return plainResult(::send(descriptor(), data, size, MSG_NOSIGNAL), kAgainWrite);
  forgetOldErrors();
  try {
    return tlsResult(socket_.sendBytes(data, static_cast<int>(std::min<size_t>(size, INT_MAX))));
  } catch (const Poco::Exception&) {
    return kBroken;
  }
}

bool Channel::hasPending() {
  return secure_ && socket_.available() > 0;
}

void Channel::shutdownWrite() {
  if (secure_) {
    forgetOldErrors();
    try {
      socket_.shutdown();  // close_notify; leaves the TCP connection alone when not blocking
    } catch (const Poco::Exception&) {
      // The peer is gone or amid its handshake; the TCP shutdown below says it all.
    }
  }
  ::shutdown(descriptor(), SHUT_WR);
}

bool Channel::discardInput(char* buffer, size_t size, size_t& discarded) {
  const int count = plainResult(::recv(descriptor(), buffer, size, 0), kAgain);
  if (count > 0) discarded += static_cast<size_t>(count);
  return count > 0 || count == kAgain;
}

void Channel::close() {
  forgetOldErrors();
  try {
    socket_.close();
  } catch (const Poco::Exception&) {
    // Closed is closed.
  }
}

}  // namespace junctor::net
