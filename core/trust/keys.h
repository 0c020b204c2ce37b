#pragma once
// Keys and certificates. All are small JSON texts that people keep as files.
//
// A root key stays offline; servers know its public half from their configuration
// ("ed25519.BASE64"). A publisher signs bundles with a key of its own, and a certificate says which
// ids that key may sign for, how far it is trusted, and until when. A certificate begins
// self-signed (level private): whoever installs it with `trust add` believes it. A root may sign it
// as verified or core: whoever knows the root believes it.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "crypto/signing_key.h"

namespace junctor::trust {

enum class Level { Unsigned, Private, Verified, Core };  // rising
std::string_view toString(Level level);

// "key_" and 32 hex digits of the public key's SHA-256: how people name a key.
std::string keyId(std::string_view public_key);

// "ed25519.BASE64" <-> 32 raw bytes.
std::string formatPublicKey(std::string_view public_key);
Result<std::string> parsePublicKey(std::string_view text);

// Roots that come with Junctor (raw public keys). There is none yet: the project has no root key,
// and says so rather than trust one that nobody keeps. Roots come from the configuration.
const std::vector<std::string>& builtInRoots();

struct Certificate {
  std::string publisher;  // "Acme Inc"
  std::string
      prefix;  // "com.acme" = that id and all below it ("com.acme.shop"); "*" = all, core only
  Level level = Level::Private;
  std::string expires;     // "2028-01-31", the last day (UTC) on which it may bring in bundles
  std::string public_key;  // raw

  bool mayName(std::string_view id) const;
  bool expired(int64_t now_unix_ms) const;
  std::string keyId() const { return trust::keyId(public_key); }
};

// A certificate as it travels: text and signature. `issuer` signs: the key itself (level private)
// or a root (verified, core).
Result<Json> sealCertificate(const Certificate& certificate, const crypto::SigningKey& issuer);
// Checks form and, for level private, the key's own signature. For the other levels the issuer must
// be one of `roots` (raw public keys), else PermissionDenied.
Result<Certificate> openCertificate(const Json& sealed, const std::vector<std::string>& roots);
// The content of a certificate whose signature is not looked at: to show, or to sign anew.
Result<Certificate> peekCertificate(const Json& sealed);

// A private key as a file. The text is secret: 0600.
enum class KeyKind { Root, Publisher };
std::string writePrivateKey(KeyKind kind, const crypto::SigningKey& key);
Result<crypto::SigningKey> readPrivateKey(KeyKind kind, std::string_view text);

// Checked at once, so that a mistake costs no ceremony: prefix form, level rules, date.
Result<void> checkCertificate(const Certificate& certificate);

}  // namespace junctor::trust
