#pragma once
// KeyFile: where the KeyRing rests. Private to the room.
#include <string>

#include "base/result.h"
#include "vault/key_ring.h"
#include "vault/vault.h"

namespace junctor::vault {

class KeyFile {
 public:
  explicit KeyFile(KeyPlace place) : place_(std::move(place)) {}

  const KeyPlace& place() const { return place_; }
  // NotFound: there is no such file. PermissionDenied: others may read it.
  Result<KeyRing> load() const;
  // Durable on return, 0600. PermissionDenied if the place is not ours to write.
  Result<void> save(const KeyRing& ring) const;

 private:
  KeyPlace place_;
};

}  // namespace junctor::vault
