#include "net/tls_context.h"

#include <Poco/Exception.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace junctor::net {
namespace {

using Poco::Net::Context;

constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL";

// Without it OpenSSL asks for a passphrase on the terminal.
int noPassphrase(char*, int, int, void*) {
  return 0;
}

Error tlsError(const std::string& what, const std::string& file) {
  char text[256] = "";
  ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
  ERR_clear_error();
  return invalidArgument(what + " '" + file + "': " + text);
}

Result<void> loadFiles(SSL_CTX* context, const TlsFiles& files) {
  ERR_clear_error();
  SSL_CTX_set_default_passwd_cb(context, noPassphrase);
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate_chain.c_str()) != 1) {
    return tlsError("cannot load the certificate", files.certificate_chain);
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.private_key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return tlsError("cannot use the private key", files.private_key);
  }
  return {};
}

void harden(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Output waits in our own buffer, which grows and moves; idle connections give theirs back.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
}

}  // namespace

Result<TlsContextPtr> makeServerTls(const TlsFiles& files) {
  try {
    Context::Params params;
    params.verificationMode = Context::VERIFY_NONE;  // clients prove themselves by signatures
    params.cipherList = kCiphers;
    TlsContextPtr context = new Context(Context::TLS_SERVER_USE, params);
    JUNCTOR_CHECK(loadFiles(context->sslContext(), files));
    harden(context->sslContext());
    return context;
  } catch (const Poco::Exception& exception) {
    return internalError("TLS set-up: " + exception.displayText());
  }
}

Result<void> checkTlsFiles(const TlsFiles& files) {
  const auto made = makeServerTls(files);
  return made ? Result<void>() : Result<void>(made.error());
}

}  // namespace junctor::net
