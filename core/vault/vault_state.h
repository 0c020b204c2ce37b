#pragma once
// StoredVault: the Vault over a Store. Private to the room; rotation.cpp holds its rotations.
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vault/key_file.h"
#include "vault/record.h"
#include "vault/tenant_keys.h"
#include "vault/vault.h"
#include "vault/writer.h"

namespace junctor::vault {

class StoredVault final : public Vault {
 public:
  StoredVault(store::Store& store, VaultOptions options, const Clock& clock)
      : store_(store),
        clock_(clock),
        file_(std::move(options.key)),
        writer_(store, file_, std::move(options.before_write)),
        keys_(writer_, clock) {}
  Result<void> load();
  Result<void> follow() override;

  Result<SecretInfo> put(const SecretName& name, std::string_view value) override;
  Result<void> remove(const SecretName& name) override;
  Result<std::vector<SecretInfo>> list(const std::string& tenant,
                                       const std::string& owner) override;
  Result<void> withSecret(const SecretName& name, const Use& use) override;
  Result<void> forgetTenant(const std::string& tenant) override;
  Result<Rotation> rotateTenantKey(const std::string& tenant) override;
  Result<Rotation> rotateFileKey(bool retire) override;
  Result<KeyStatus> status() override;

 private:
  using Records = std::vector<std::pair<std::string, SecretRecord>>;  // field, record

  Result<KeyRing> openRing();
  Result<void> loadOwners();
  Result<Records> recordsOf(const std::string& tenant, const std::string& owner);
  Result<std::optional<SecretRecord>> recordOf(const SecretName& name);
  std::vector<std::string> ownersOf(const std::string& tenant) const;
  bool hasOwner(const SecretName& name) const;
  Result<void> addOwner(const SecretName& name);
  Result<void> dropOwner(const std::string& tenant, const std::string& owner);
  Result<void> dropRecords(const std::string& tenant);

  // rotation.cpp
  Result<bool> reseal(const SecretName& name, const TenantKey& by);
  Result<size_t> resealAll(const std::string& tenant, const TenantKey& by);
  Result<size_t> retireTenantKeys(const std::string& tenant, const TenantKey& current);
  Result<bool> beginFileKey();
  Result<size_t> retireFileKeys();

  store::Store& store_;
  const Clock& clock_;
  const KeyFile file_;
  Writer writer_;
  TenantKeys keys_;
  std::mutex rotating_;          // one rotation at a time; taken before writing_
  std::mutex writing_;           // whoever writes, for one durable step or a few
  std::optional<KeyRing> ring_;  // guarded by writing_
  mutable std::mutex owners_mutex_;
  std::set<std::pair<std::string, std::string>> owners_;  // tenant, owner; guarded by owners_mutex_
};

}  // namespace junctor::vault
