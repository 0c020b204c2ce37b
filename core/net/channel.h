#pragma once
// One accepted connection's byte stream, plain or TLS, never blocking. Owns the descriptor.
#include <Poco/Net/StreamSocket.h>

#include <cstddef>

#include "net/tls_context.h"

namespace junctor::net {

// A Poco socket in charge of an open descriptor.
Poco::Net::StreamSocket adoptDescriptor(int descriptor);

class Channel {
 public:
  // Instead of a byte count. 0 means the peer has ended its side.
  static constexpr int kAgain = -1;       // nothing now; wait until readable
  static constexpr int kAgainWrite = -2;  // TLS must write first; wait until writable
  static constexpr int kBroken = -3;

  // `tls` null: plain. Takes over the non-blocking descriptor. May throw Poco exceptions.
  Channel(int descriptor, const TlsContextPtr& tls);
  ~Channel() { close(); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int read(char* buffer, size_t size);
  int write(const char* data, size_t size);  // kAgainWrite: wait until writable
  // More decrypted bytes wait inside TLS, where the reactor does not see them.
  bool hasPending();
  void shutdownWrite();
  // Reads what the peer still sends and throws it away; false when it has ended.
  bool discardInput(char* buffer, size_t size, size_t& discarded);
  void close();

  bool secure() const { return secure_; }
  const Poco::Net::StreamSocket& socket() const { return socket_; }

 private:
  int descriptor() const { return socket_.impl()->sockfd(); }

  bool secure_;
  Poco::Net::StreamSocket socket_;
};

}  // namespace junctor::net
