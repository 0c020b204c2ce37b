#pragma once
// What stands in the store: sealed values and wrapped tenants' keys as JSON documents, and the
// bytes each is bound to. Private to the room.
#include <string>
#include <string_view>

#include "base/result.h"
#include "vault/vault.h"

namespace junctor::vault {

inline constexpr const char* kKeyKind = "tenant-key";
inline constexpr const char* kOwnerKind = "secret-owner";
std::string secretKind(const std::string& tenant, const std::string& owner);

struct SecretRecord {
  std::string key_id;
  std::string sealed;  // bytes
  std::string fingerprint;
  int64_t created_at_ms = 0, updated_at_ms = 0;

  std::string toJson() const;
  static Result<SecretRecord> fromJson(const std::string& json);  // DataLoss
};

struct KeyRecord {
  std::string file_key;  // id of the key that wraps it
  std::string wrapped;   // bytes
  uint64_t number = 0;   // the tenant's highest is current
  uint64_t seals = 0;    // counted ahead
  int64_t created_at_ms = 0;

  std::string toJson() const;
  static Result<KeyRecord> fromJson(const std::string& json);  // DataLoss
};

std::string boundTo(const SecretName& name, const std::string& key_id);
std::string boundTo(const std::string& tenant, const std::string& key_id,
                    const std::string& file_key);

Result<void> checkName(const SecretName& name);
Result<void> checkTenant(const std::string& tenant);

}  // namespace junctor::vault
