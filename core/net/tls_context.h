#pragma once
// The server's TLS settings as a Poco context of our own: Poco's default context asks questions on
// the console and starts at TLS 1.0. One context per loaded certificate; connections keep the one
// they began with.
#include <Poco/Net/Context.h>

#include "base/result.h"
#include "net/http_server.h"

namespace junctor::net {

using TlsContextPtr = Poco::Net::Context::Ptr;

// TLS 1.2 and 1.3, AEAD ciphers with forward secrecy, no renegotiation, no compression. Errors
// (InvalidArgument) name the file: unreadable, encrypted key, key of another certificate.
Result<TlsContextPtr> makeServerTls(const TlsFiles& files);

}  // namespace junctor::net
