#include "unit/net/tls_fixture.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "base/files.h"

namespace junctor::testing {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key makeKey() {
  return {EVP_EC_gen("P-256"), &EVP_PKEY_free};
}

void writeKey(const std::string& path, EVP_PKEY* key, const char* passphrase) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  PEM_write_PrivateKey(file, key, passphrase ? EVP_aes_256_cbc() : nullptr, nullptr, 0, nullptr,
                       const_cast<char*>(passphrase));
  std::fclose(file);
}

void writeCertificate(const std::string& path, EVP_PKEY* key, const std::string& common_name) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate, name);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  std::FILE* file = std::fopen(path.c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  X509_free(certificate);
}

}  // namespace

CertificateFolder::CertificateFolder(const std::string& common_name) {
  char pattern[] = "/tmp/junctor-tls-XXXXXX";
  path_ = ::mkdtemp(pattern);
  renew(common_name);
}

CertificateFolder::~CertificateFolder() {
  removeFile(files().certificate_chain);
  removeFile(files().private_key);
  ::rmdir(path_.c_str());
}

void CertificateFolder::renew(const std::string& common_name) {
  const Key key = makeKey();
  writeKey(files().private_key, key.get(), nullptr);
  writeCertificate(files().certificate_chain, key.get(), common_name);
}

void CertificateFolder::renewKeyOnly() {
  writeKey(files().private_key, makeKey().get(), nullptr);
}

void CertificateFolder::encryptKey() {
  const Key key = makeKey();
  writeKey(files().private_key, key.get(), "secret");
  writeCertificate(files().certificate_chain, key.get(), "encrypted");
}

void CertificateFolder::damage() {
  if (!replaceFile(files().certificate_chain, "no certificate", 0600)) {
    throw std::runtime_error("cannot write the test's certificate");
  }
}

TlsClient::TlsClient(uint16_t port, int version) {
  std::signal(SIGPIPE, SIG_IGN);
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{60, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to the server under test");
  }
  context_ = SSL_CTX_new(TLS_client_method());
  if (version != 0) {
    SSL_CTX_set_security_level(context_, 0);  // TLS 1.1 is not even offered above
    SSL_CTX_set_min_proto_version(context_, version);
    SSL_CTX_set_max_proto_version(context_, version);
  }
  session_ = SSL_new(context_);
  SSL_set_fd(session_, descriptor_);
}

TlsClient::~TlsClient() {
  SSL_free(session_);
  SSL_CTX_free(context_);
  ::close(descriptor_);
}

bool TlsClient::handshake() {
  return SSL_connect(session_) == 1;
}

std::string TlsClient::serverName() const {
  X509* certificate = SSL_get1_peer_certificate(session_);
  char name[128] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  X509_free(certificate);
  return name;
}

bool TlsClient::send(std::string_view bytes) {
  return SSL_write(session_, bytes.data(), static_cast<int>(bytes.size())) ==
         static_cast<int>(bytes.size());
}

std::string TlsClient::receive(size_t bytes) {
  std::string out;
  char buffer[16384];
  while (out.size() < bytes) {
    const size_t room = std::min(sizeof buffer, bytes - out.size());
    const int count = SSL_read(session_, buffer, static_cast<int>(room));
    if (count <= 0) break;
    out.append(buffer, static_cast<size_t>(count));
  }
  return out;
}

bool TlsClient::closedByServer() {
  char byte;
  return SSL_read(session_, &byte, 1) <= 0 && SSL_get_error(session_, 0) == SSL_ERROR_ZERO_RETURN;
}

}  // namespace junctor::testing
