#pragma once
// Certificates made for the occasion, and a TLS client that says what it saw.
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "net/http_server.h"

namespace junctor::testing {

// A folder with cert.pem and key.pem, removed at the end.
class CertificateFolder {
 public:
  explicit CertificateFolder(const std::string& common_name);
  ~CertificateFolder();

  net::TlsFiles files() const { return {path_ + "/cert.pem", path_ + "/key.pem"}; }
  // A fresh key and certificate in the same files.
  void renew(const std::string& common_name);
  void renewKeyOnly();
  void encryptKey();
  void damage();

 private:
  std::string path_;
};

class TlsClient {
 public:
  // `version`: TLS1_1_VERSION and so on, 0 for any. Connects; handshake() does the rest.
  explicit TlsClient(uint16_t port, int version = 0);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool handshake();
  std::string serverName() const;  // common name of the server's certificate
  bool send(std::string_view bytes);
  // Reads until `bytes` have come or the server closes.
  std::string receive(size_t bytes);
  bool closedByServer();

 private:
  int descriptor_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* session_ = nullptr;
};

}  // namespace junctor::testing
