#pragma once
// Vault: secrets of integrations and destinations, sealed at rest, readable by the host alone.
//
// Envelope: a value is sealed (AES-256-GCM) with its tenant's key, bound to version, tenant, owner,
// field and key, so a record that is moved elsewhere does not open. The tenant's key rests in the
// store, wrapped by the current key of the key file; the key file rests outside the store. What is
// in the store or in a backup of it is nothing without the key file.
//
// Documents of the store: "tenant-key" (tenant/key id), "secret/<tenant>/<owner>" (field) and
// "secret-owner" (tenant/owner: who has any). Values are read from the store at each use (an
// indexed read of one owner's fields); tenants' keys and owners stay in memory, so one process may
// have a store's vault open at a time.
//
// All calls may block on the store and may come from any thread. Errors never quote a value.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/secret_bytes.h"
#include "store/store.h"

namespace junctor::vault {

struct KeyPlace {
  std::string path;
  bool may_create = false;  // made if there is none and nothing was ever wrapped
  bool credential = false;  // systemd's: read-only for us
};

struct VaultOptions {
  KeyPlace key;
  std::function<void()> before_write{};  // before each durable step: tests end the process there
};

// `owner`: an integration's id, or destinationOwner(name).
struct SecretName {
  std::string tenant, owner, field;
};
std::string destinationOwner(const std::string& name);  // "destination/" + name
// "login/" + integration: a login under way, the host's own. No list for people has it.
std::string loginOwner(const std::string& integration);

struct SecretInfo {
  SecretName name;
  std::string fingerprint;  // 12 hex digits, keyed: equal values of a tenant have equal ones
  std::string key_id;       // of the tenant's key that seals it
  int64_t created_at_ms = 0, updated_at_ms = 0;
};

struct KeyStatus {
  struct FileKey {
    std::string id;
    bool current = false;
    size_t tenant_keys = 0;  // wrapped by it
  };
  struct TenantKey {
    std::string tenant, id, file_key;
    bool current = false;
    uint64_t seals = 0;  // at most this many (counted ahead)
    int64_t created_at_ms = 0;
  };
  std::string path;
  bool credential = false;
  std::vector<FileKey> file_keys;
  std::vector<TenantKey> tenant_keys;
  bool unfinished = false;  // a rotation was interrupted: asking for it again finishes it
};

struct Rotation {
  bool resumed = false;  // finished what an earlier one had begun
  std::string key_id;    // now current
  size_t changed = 0;    // tenants' keys wrapped anew, or values sealed anew
  size_t retired = 0;    // keys that are gone
};

class Vault {
 public:
  // Creates the key file if it may. Fails with DataLoss where a tenant's key does not open, with
  // NotFound where the file (or the key in it) that wrapped one is missing: nothing is guessed.
  static Result<std::unique_ptr<Vault>> open(store::Store& store, VaultOptions options,
                                             const Clock& clock);
  virtual ~Vault() = default;

  // Another process of the cluster may have changed keys or what has secrets: reads both anew.
  virtual Result<void> follow() = 0;

  // Replaces what is there. ResourceExhausted: a limit (base/limits.h).
  virtual Result<SecretInfo> put(const SecretName& name, std::string_view value) = 0;
  virtual Result<void> remove(const SecretName& name) = 0;  // NotFound: there is none
  // By owner and field; `owner` "" = all of the tenant.
  virtual Result<std::vector<SecretInfo>> list(const std::string& tenant,
                                               const std::string& owner) = 0;

  // For the host alone, never for an answer. The bytes are wiped when `use` returns; it may copy
  // them only into something that is wiped too. NotFound: there is none. DataLoss: it does not
  // open.
  using Use = std::function<Result<void>(std::string_view value)>;
  virtual Result<void> withSecret(const SecretName& name, const Use& use) = 0;

  // Crypto-shredding: the tenant's keys go first, at which moment nothing of it can be read any
  // more; then the records. May be repeated.
  virtual Result<void> forgetTenant(const std::string& tenant) = 0;

  // Online: values stay readable throughout, whatever happens in between. An interrupted rotation
  // is finished by the next call of its kind. Unavailable: another one is running.
  virtual Result<Rotation> rotateTenantKey(const std::string& tenant) = 0;
  // A new key in the file (or, with a credential, the new one that was put first in it) wraps all
  // tenants' keys. `retire`: predecessors that wrap nothing any more leave the file, and with them
  // every older backup becomes unreadable.
  virtual Result<Rotation> rotateFileKey(bool retire) = 0;
  virtual Result<KeyStatus> status() = 0;
};

}  // namespace junctor::vault
