#pragma once
// TenantKeys: the keys that seal values (DEKs), unwrapped in memory, wrapped in the store. A tenant
// has one, or several while a rotation is under way: the one with the highest number is current.
// Private to the room.
//
// Reads (current, find, tenants) from any thread; whatever writes is called with the vault's
// writing lock held.
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/secret_bytes.h"
#include "vault/key_ring.h"
#include "vault/record.h"
#include "vault/writer.h"

namespace junctor::vault {

struct TenantKey {
  std::string tenant, id;
  uint64_t number = 0;
  int64_t created_at_ms = 0;
  // The first half seals; the second makes fingerprints and outlives rotations of the first.
  crypto::SecretBytes secret;

  std::string_view sealing() const;
  std::string_view fingerprinting() const;
};
using TenantKeyPtr = std::shared_ptr<const TenantKey>;

class TenantKeys {
 public:
  TenantKeys(Writer& writer, const Clock& clock) : writer_(writer), clock_(clock) {}

  // What the store holds; of a key that is known the seals counted here stay. NotFound: one is
  // wrapped by a key that the ring lacks. DataLoss: one does not open.
  Result<void> load(store::Store& store, const KeyRing& ring);

  TenantKeyPtr current(const std::string& tenant) const;  // null: the tenant has none
  TenantKeyPtr find(const std::string& tenant, const std::string& id) const;
  std::vector<TenantKeyPtr> of(const std::string& tenant) const;  // current first
  std::vector<KeyStatus::TenantKey> status() const;
  size_t wrappedBy(const std::string& file_key) const;
  bool anyNotWrappedBy(const std::string& file_key) const;

  // A new current key; it inherits the fingerprints of the one before.
  Result<TenantKeyPtr> add(const std::string& tenant, const KeyRing& ring);
  // Counts one more seal; a key that has sealed enough is followed by a new one.
  Result<TenantKeyPtr> useCurrent(const std::string& tenant, const KeyRing& ring);
  // False: it is gone, or wrapped by that key already.
  Result<bool> rewrap(const std::string& tenant, const std::string& id, const Kek& by);
  Result<void> remove(const std::string& tenant, const std::string& id);

 private:
  struct Entry {
    TenantKeyPtr key;
    std::string file_key;
    std::string wrapped;
    uint64_t used = 0, reserved = 0;
  };
  Result<Entry> unwrap(const std::string& document_key, const std::string& json,
                       const KeyRing& ring) const;
  Result<void> write(const Entry& entry);
  Result<void> makeRoom(const std::string& tenant, const KeyRing& ring);
  void keep(Entry entry);
  Entry* entryOf(const std::string& tenant, const std::string& id);

  Writer& writer_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<Entry>> entries_;  // by tenant; current first
};

}  // namespace junctor::vault
