#include "vault/vault.h"

#include "base/bytes.h"
#include "base/files.h"
#include "base/limits.h"
#include "base/log.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "vault/vault_state.h"

namespace junctor::vault {
namespace {

constexpr size_t kFingerprintBytes = 6;
// A reader that met a record of a key which a rotation has just retired reads it again.
constexpr int kReadsMax = 3;

Error noSecret(const SecretName& name) {
  return notFound("there is no secret '" + name.field + "' of '" + name.owner + "'");
}

std::string fingerprintOf(const TenantKey& key, std::string_view value) {
  return toHex(crypto::hmacSha256(key.fingerprinting(), value).substr(0, kFingerprintBytes));
}

SecretInfo infoOf(const SecretName& name, const SecretRecord& record) {
  return {name, record.fingerprint, record.key_id, record.created_at_ms, record.updated_at_ms};
}

}  // namespace

Result<std::unique_ptr<Vault>> Vault::open(store::Store& store, VaultOptions options,
                                           const Clock& clock) {
  auto vault = std::make_unique<StoredVault>(store, std::move(options), clock);
  JUNCTOR_CHECK(vault->load());
  return std::unique_ptr<Vault>(std::move(vault));
}

Result<void> StoredVault::load() {
  JUNCTOR_TRY(ring_, openRing());
  JUNCTOR_CHECK(keys_.load(store_, *ring_));
  JUNCTOR_CHECK(loadOwners());
  JUNCTOR_TRY(const KeyStatus now, status());
  if (now.unfinished) {
    log::warn("vault", {},
              "a key rotation was interrupted; all secrets are readable, "
              "'junctor key rotate' finishes it");
  }
  return {};
}

Result<void> StoredVault::loadOwners() {
  JUNCTOR_TRY(const auto owners, store_.documents(kOwnerKind));
  std::set<std::pair<std::string, std::string>> found;
  for (const auto& [key, json] : owners) {
    const size_t slash = std::min(key.find('/'), key.size() - 1);
    found.emplace(key.substr(0, slash), key.substr(slash + 1));
  }
  const std::lock_guard lock(owners_mutex_);
  owners_ = std::move(found);
  return {};
}

Result<void> StoredVault::follow() {
  const std::lock_guard lock(writing_);
  JUNCTOR_TRY(ring_, openRing());
  JUNCTOR_CHECK(keys_.load(store_, *ring_));
  return loadOwners();
}

Result<KeyRing> StoredVault::openRing() {
  auto loaded = file_.load();
  const KeyPlace& place = file_.place();
  if (loaded || loaded.error().code != ErrorCode::NotFound || !place.may_create) return loaded;
  JUNCTOR_TRY(const auto wrapped, store_.documents(kKeyKind));
  if (!wrapped.empty()) {
    return notFound("the vault's key file " + place.path +
                    " is missing, but the store holds secrets that need it: put it back");
  }
  KeyRing made = KeyRing::generate();
  JUNCTOR_CHECK(writer_.save(made));
  log::warn("vault", {{"path", place.path}, {"key", made.current().id}},
            "no key file is configured: one was made. Keep a copy apart from backups of the store; "
            "without it no secret can be read");
  return made;
}

Result<StoredVault::Records> StoredVault::recordsOf(const std::string& tenant,
                                                    const std::string& owner) {
  JUNCTOR_TRY(const auto documents, store_.documents(secretKind(tenant, owner)));
  Records records;
  for (const auto& [field, json] : documents) {
    JUNCTOR_TRY(SecretRecord record, SecretRecord::fromJson(json));
    records.emplace_back(field, std::move(record));
  }
  return records;
}

Result<std::optional<SecretRecord>> StoredVault::recordOf(const SecretName& name) {
  JUNCTOR_TRY(const auto documents, store_.documents(secretKind(name.tenant, name.owner)));
  for (const auto& [field, json] : documents) {
    if (field != name.field) continue;
    JUNCTOR_TRY(SecretRecord record, SecretRecord::fromJson(json));
    return std::optional<SecretRecord>(std::move(record));
  }
  return std::optional<SecretRecord>();
}

Result<SecretInfo> StoredVault::put(const SecretName& name, std::string_view value) {
  JUNCTOR_CHECK(checkName(name));
  if (value.empty()) return invalidArgument("a secret must not be empty");
  if (value.size() > limits::kSecretBytesMax) {
    return makeError(ErrorCode::ResourceExhausted,
                     "a secret has at most " + std::to_string(limits::kSecretBytesMax) + " bytes");
  }
  const std::lock_guard lock(writing_);
  // Without a key nothing of the tenant can be read: what is left of it was shredded.
  if (!keys_.current(name.tenant)) JUNCTOR_CHECK(dropRecords(name.tenant));
  JUNCTOR_TRY(const Records others, recordsOf(name.tenant, name.owner));
  const SecretRecord* before = nullptr;
  for (const auto& [field, record] : others) {
    if (field == name.field) before = &record;
  }
  if (!before && others.size() >= limits::kSecretsPerOwnerMax) {
    return makeError(ErrorCode::ResourceExhausted, "'" + name.owner + "' has " +
                                                       std::to_string(others.size()) +
                                                       " secrets, which is the most");
  }
  JUNCTOR_CHECK(addOwner(name));
  JUNCTOR_TRY(const TenantKeyPtr key, keys_.useCurrent(name.tenant, *ring_));
  SecretRecord record;
  record.key_id = key->id;
  record.sealed = crypto::seal(key->sealing(), boundTo(name, key->id), value);
  record.fingerprint = fingerprintOf(*key, value);
  record.updated_at_ms = clock_.unixMs();
  record.created_at_ms = before ? before->created_at_ms : record.updated_at_ms;
  JUNCTOR_CHECK(writer_.put(secretKind(name.tenant, name.owner), name.field, record.toJson()));
  return infoOf(name, record);
}

Result<void> StoredVault::remove(const SecretName& name) {
  JUNCTOR_CHECK(checkName(name));
  const std::lock_guard lock(writing_);
  JUNCTOR_TRY(const auto documents, store_.documents(secretKind(name.tenant, name.owner)));
  size_t left = 0;
  for (const auto& [field, json] : documents) left += field != name.field ? 1 : 0;
  if (left == documents.size()) return noSecret(name);
  JUNCTOR_CHECK(writer_.remove(secretKind(name.tenant, name.owner), name.field));
  if (left == 0) JUNCTOR_CHECK(dropOwner(name.tenant, name.owner));
  return {};
}

Result<std::vector<SecretInfo>> StoredVault::list(const std::string& tenant,
                                                  const std::string& owner) {
  JUNCTOR_CHECK(checkTenant(tenant));
  std::vector<SecretInfo> all;
  for (const std::string& one : owner.empty() ? ownersOf(tenant) : std::vector{owner}) {
    JUNCTOR_TRY(const Records records, recordsOf(tenant, one));
    for (const auto& [field, record] : records) all.push_back(infoOf({tenant, one, field}, record));
  }
  return all;
}

Result<void> StoredVault::withSecret(const SecretName& name, const Use& use) {
  JUNCTOR_CHECK(checkName(name));
  for (int read = 0; read < kReadsMax; ++read) {
    JUNCTOR_TRY(const auto record, recordOf(name));
    if (!record) return noSecret(name);
    const TenantKeyPtr key = keys_.find(name.tenant, record->key_id);
    if (!key) continue;
    auto value = crypto::unseal(key->sealing(), boundTo(name, key->id), record->sealed);
    if (value) return use(value->view());
    return makeError(ErrorCode::DataLoss, "secret '" + name.field + "' of '" + name.owner +
                                              "' does not open: its record was damaged or moved");
  }
  return makeError(ErrorCode::DataLoss, "the key of secret '" + name.field + "' of '" + name.owner +
                                            "' is gone: it was shredded");
}

Result<void> StoredVault::forgetTenant(const std::string& tenant) {
  JUNCTOR_CHECK(checkTenant(tenant));
  const std::lock_guard one(rotating_);
  const std::lock_guard lock(writing_);
  for (const TenantKeyPtr& key : keys_.of(tenant)) JUNCTOR_CHECK(keys_.remove(tenant, key->id));
  log::info("vault", {{"tenant", tenant}}, "the tenant's keys are gone, and its secrets with them");
  return dropRecords(tenant);
}

Result<void> StoredVault::dropRecords(const std::string& tenant) {
  for (const std::string& owner : ownersOf(tenant)) {
    const std::string kind = secretKind(tenant, owner);
    JUNCTOR_TRY(const auto documents, store_.documents(kind));
    for (const auto& [field, json] : documents) JUNCTOR_CHECK(writer_.remove(kind, field));
    JUNCTOR_CHECK(dropOwner(tenant, owner));
  }
  return {};
}

std::vector<std::string> StoredVault::ownersOf(const std::string& tenant) const {
  const std::lock_guard lock(owners_mutex_);
  std::vector<std::string> owners;
  for (auto at = owners_.lower_bound({tenant, ""}); at != owners_.end() && at->first == tenant;
       ++at) {
    owners.push_back(at->second);
  }
  return owners;
}

bool StoredVault::hasOwner(const SecretName& name) const {
  const std::lock_guard lock(owners_mutex_);
  return owners_.contains({name.tenant, name.owner});
}

// Known before its first secret is there: a crash leaves an owner without secrets, never a secret
// that no list and no rotation finds.
Result<void> StoredVault::addOwner(const SecretName& name) {
  if (hasOwner(name)) return {};
  {
    const std::lock_guard lock(owners_mutex_);
    if (owners_.size() >= limits::kVaultOwnersMax) {
      return makeError(ErrorCode::ResourceExhausted,
                       "the vault holds secrets of " + std::to_string(owners_.size()) +
                           " integrations and destinations, which is the most");
    }
  }
  JUNCTOR_CHECK(writer_.put(kOwnerKind, name.tenant + "/" + name.owner, "{}"));
  const std::lock_guard lock(owners_mutex_);
  owners_.emplace(name.tenant, name.owner);
  return {};
}

Result<void> StoredVault::dropOwner(const std::string& tenant, const std::string& owner) {
  JUNCTOR_CHECK(writer_.remove(kOwnerKind, tenant + "/" + owner));
  const std::lock_guard lock(owners_mutex_);
  owners_.erase({tenant, owner});
  return {};
}

}  // namespace junctor::vault
