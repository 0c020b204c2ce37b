#pragma once
// KeyRing: the keys that wrap tenants' keys (KEKs). The first is current and wraps; the others are
// its predecessors and only unwrap what they wrapped. Private to the room.
//
// As a file: one key a line, base64 of 32 random bytes (`openssl rand -base64 32`), the current one
// first; '#' starts a comment. A key's id follows from the key, so no line can be mislabelled.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/secret_bytes.h"

namespace junctor::vault {

struct Kek {
  std::string id;                // 16 hex digits
  crypto::SecretBytes root;      // as in the file
  crypto::SecretBytes wrapping;  // derived from it: what seals

  static Kek fromRoot(crypto::SecretBytes root);
};

class KeyRing {
 public:
  static KeyRing generate();
  // InvalidArgument names the line, never what stands there. At least one key.
  static Result<KeyRing> parse(std::string_view text);
  // The file's content: secret, to be wiped by the caller.
  std::string text() const;

  const Kek& current() const { return keys_.front(); }
  const Kek* find(std::string_view id) const;
  const std::vector<Kek>& keys() const { return keys_; }
  // A new key, which becomes current.
  void renew();
  // Drops a predecessor. False: there is none of that id, or it is current.
  bool drop(std::string_view id);

 private:
  std::vector<Kek> keys_;  // never empty
};

}  // namespace junctor::vault
