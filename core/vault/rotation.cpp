// Rotations, as steps that each leave every value readable: a key is durable before anything is
// sealed or wrapped by it, and goes only when nothing needs it. So a crash anywhere is a rotation
// that is not finished yet.
#include <algorithm>

#include "base/log.h"
#include "crypto/aead.h"
#include "vault/vault_state.h"

namespace junctor::vault {
namespace {

Error busy() {
  return unavailable("another key rotation is running");
}

}  // namespace

Result<Rotation> StoredVault::rotateTenantKey(const std::string& tenant) {
  JUNCTOR_CHECK(checkTenant(tenant));
  const std::unique_lock one(rotating_, std::try_to_lock);
  if (!one) return busy();
  Rotation done;
  TenantKeyPtr current;
  {
    const std::lock_guard lock(writing_);
    const auto keys = keys_.of(tenant);
    if (keys.empty()) return notFound("tenant '" + tenant + "' has no secrets");
    done.resumed = keys.size() > 1;
    current = keys.front();
    if (!done.resumed) {
      JUNCTOR_TRY(current, keys_.add(tenant, *ring_));
    }
  }
  done.key_id = current->id;
  JUNCTOR_TRY(done.changed, resealAll(tenant, *current));
  JUNCTOR_TRY(done.retired, retireTenantKeys(tenant, *current));
  log::info("vault", {{"tenant", tenant}, {"key", done.key_id}},
            "the tenant's key was rotated: {} secrets sealed anew, {} keys retired", done.changed,
            done.retired);
  return done;
}

Result<size_t> StoredVault::resealAll(const std::string& tenant, const TenantKey& by) {
  size_t changed = 0;
  for (const std::string& owner : ownersOf(tenant)) {
    JUNCTOR_TRY(const Records records, recordsOf(tenant, owner));
    for (const auto& [field, record] : records) {
      JUNCTOR_TRY(const bool resealed, reseal({tenant, owner, field}, by));
      changed += resealed ? 1 : 0;
    }
  }
  return changed;
}

// False: it is gone meanwhile, or sealed by that key already. The lock is held for one value only,
// so that writers wait for one step at most.
Result<bool> StoredVault::reseal(const SecretName& name, const TenantKey& by) {
  const std::lock_guard lock(writing_);
  JUNCTOR_TRY(auto record, recordOf(name));
  if (!record || record->key_id == by.id) return false;
  const TenantKeyPtr key = keys_.find(name.tenant, record->key_id);
  auto value = key ? crypto::unseal(key->sealing(), boundTo(name, key->id), record->sealed)
                   : Result<crypto::SecretBytes>(notFound("its key is gone"));
  if (!value) {
    return makeError(ErrorCode::DataLoss,
                     "secret '" + name.field + "' of '" + name.owner +
                         "' does not open and stays as it is; put it anew or remove it, then "
                         "rotate again");
  }
  record->key_id = by.id;
  record->sealed = crypto::seal(by.sealing(), boundTo(name, by.id), value->view());
  JUNCTOR_CHECK(writer_.put(secretKind(name.tenant, name.owner), name.field, record->toJson()));
  return true;
}

Result<size_t> StoredVault::retireTenantKeys(const std::string& tenant, const TenantKey& current) {
  const std::lock_guard lock(writing_);
  std::set<std::string> needed = {current.id};
  for (const std::string& owner : ownersOf(tenant)) {
    JUNCTOR_TRY(const Records records, recordsOf(tenant, owner));
    for (const auto& [field, record] : records) needed.insert(record.key_id);
  }
  size_t retired = 0;
  for (const TenantKeyPtr& key : keys_.of(tenant)) {
    // One with a higher number has become current meanwhile: the next rotation's work.
    if (needed.contains(key->id) || key->number > current.number) continue;
    JUNCTOR_CHECK(keys_.remove(tenant, key->id));
    ++retired;
  }
  return retired;
}

Result<Rotation> StoredVault::rotateFileKey(bool retire) {
  const std::unique_lock one(rotating_, std::try_to_lock);
  if (!one) return busy();
  Rotation done;
  {
    const std::lock_guard lock(writing_);
    JUNCTOR_TRY(done.resumed, beginFileKey());
    done.key_id = ring_->current().id;
  }
  for (const KeyStatus::TenantKey& key : keys_.status()) {
    const std::lock_guard lock(writing_);
    JUNCTOR_TRY(const bool wrapped, keys_.rewrap(key.tenant, key.id, ring_->current()));
    done.changed += wrapped ? 1 : 0;
  }
  if (retire) {
    const std::lock_guard lock(writing_);
    JUNCTOR_TRY(done.retired, retireFileKeys());
  }
  log::info("vault", {{"key", done.key_id}},
            "the key file's key was rotated: {} tenants' keys wrapped anew, {} keys retired",
            done.changed, done.retired);
  return done;
}

// Whether an earlier rotation is to be finished; else a new key is current on return.
Result<bool> StoredVault::beginFileKey() {
  JUNCTOR_TRY(KeyRing file, file_.load());
  for (const Kek& key : ring_->keys()) {
    if (file.find(key.id) || keys_.wrappedBy(key.id) == 0) continue;
    return notFound(file_.place().path + " lacks key " + key.id +
                    ", which still wraps tenants' keys: put it back behind the new one");
  }
  const bool replaced = file.current().id != ring_->current().id;  // by hand
  if (!replaced && !keys_.anyNotWrappedBy(file.current().id)) {
    if (file_.place().credential) {
      return invalidArgument(
          "the vault's key is a credential of the service manager: put a new "
          "key before the old one there, then rotate");
    }
    file.renew();
    JUNCTOR_CHECK(writer_.save(file));
    ring_ = std::move(file);
    return false;
  }
  ring_ = std::move(file);
  return !replaced;
}

Result<size_t> StoredVault::retireFileKeys() {
  std::vector<std::string> idle;
  for (const Kek& key : ring_->keys()) {
    if (key.id != ring_->current().id && keys_.wrappedBy(key.id) == 0) idle.push_back(key.id);
  }
  if (idle.empty()) return size_t{0};
  JUNCTOR_TRY(KeyRing kept, file_.load());
  for (const std::string& id : idle) kept.drop(id);
  JUNCTOR_CHECK(writer_.save(kept));
  ring_ = std::move(kept);
  return idle.size();
}

Result<KeyStatus> StoredVault::status() {
  KeyStatus status;
  status.path = file_.place().path;
  status.credential = file_.place().credential;
  status.tenant_keys = keys_.status();
  const std::lock_guard lock(writing_);
  for (const Kek& key : ring_->keys()) {
    status.file_keys.push_back({key.id, key.id == ring_->current().id, keys_.wrappedBy(key.id)});
  }
  const auto behind = [&](const KeyStatus::TenantKey& key) {
    return !key.current || key.file_key != ring_->current().id;
  };
  status.unfinished = std::any_of(status.tenant_keys.begin(), status.tenant_keys.end(), behind);
  return status;
}

}  // namespace junctor::vault
