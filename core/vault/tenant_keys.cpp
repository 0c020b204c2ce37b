#include "vault/tenant_keys.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/log.h"
#include "crypto/aead.h"
#include "crypto/hash.h"

namespace junctor::vault {
namespace {

constexpr size_t kHalf = crypto::kAeadKeyBytes;
constexpr size_t kKeyIdBytes = 8;

std::string wrap(const TenantKey& key, const Kek& by) {
  return crypto::seal(by.wrapping.view(), boundTo(key.tenant, key.id, by.id), key.secret.view());
}

}  // namespace

std::string_view TenantKey::sealing() const {
  return secret.view().substr(0, kHalf);
}
std::string_view TenantKey::fingerprinting() const {
  return secret.view().substr(kHalf);
}

Result<void> TenantKeys::load(store::Store& store, const KeyRing& ring) {
  JUNCTOR_TRY(const auto documents, store.documents(kKeyKind));
  std::vector<Entry> found;
  for (const auto& [key, json] : documents) {
    JUNCTOR_TRY(Entry entry, unwrap(key, json, ring));
    found.push_back(std::move(entry));
  }
  const std::lock_guard lock(mutex_);
  for (Entry& entry : found) {
    const Entry* known = entryOf(entry.key->tenant, entry.key->id);
    if (known) entry.used = known->used;
    if (known) entry.reserved = known->reserved;
  }
  entries_.clear();
  for (Entry& entry : found) keep(std::move(entry));
  return {};
}

Result<TenantKeys::Entry> TenantKeys::unwrap(const std::string& document_key,
                                             const std::string& json, const KeyRing& ring) const {
  JUNCTOR_TRY(KeyRecord record, KeyRecord::fromJson(json));
  auto key = std::make_shared<TenantKey>();
  const size_t slash = document_key.find('/');
  key->tenant = document_key.substr(0, slash);
  key->id = slash == std::string::npos ? "" : document_key.substr(slash + 1);
  key->number = record.number;
  key->created_at_ms = record.created_at_ms;
  const Kek* by = ring.find(record.file_key);
  if (!by) {
    return notFound("the vault's key file lacks key " + record.file_key + ", which tenant '" +
                    key->tenant + "' needs");
  }
  auto secret =
      crypto::unseal(by->wrapping.view(), boundTo(key->tenant, key->id, by->id), record.wrapped);
  if (!secret || secret->size() != 2 * kHalf) {
    return makeError(ErrorCode::DataLoss, "the key of tenant '" + key->tenant + "' does not open");
  }
  key->secret = std::move(*secret);
  // What was counted ahead may have been used before a crash.
  return Entry{std::move(key), std::move(record.file_key), std::move(record.wrapped), record.seals,
               record.seals};
}

TenantKeyPtr TenantKeys::current(const std::string& tenant) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(tenant);
  return found == entries_.end() ? nullptr : found->second.front().key;
}

TenantKeyPtr TenantKeys::find(const std::string& tenant, const std::string& id) const {
  for (TenantKeyPtr& key : of(tenant)) {
    if (key->id == id) return std::move(key);
  }
  return nullptr;
}

std::vector<TenantKeyPtr> TenantKeys::of(const std::string& tenant) const {
  const std::lock_guard lock(mutex_);
  std::vector<TenantKeyPtr> keys;
  const auto found = entries_.find(tenant);
  if (found == entries_.end()) return keys;
  for (const Entry& entry : found->second) keys.push_back(entry.key);
  return keys;
}

std::vector<KeyStatus::TenantKey> TenantKeys::status() const {
  const std::lock_guard lock(mutex_);
  std::vector<KeyStatus::TenantKey> all;
  for (const auto& [tenant, entries] : entries_) {
    for (const Entry& entry : entries) {
      all.push_back({tenant, entry.key->id, entry.file_key, &entry == &entries.front(),
                     entry.reserved, entry.key->created_at_ms});
    }
  }
  return all;
}

size_t TenantKeys::wrappedBy(const std::string& file_key) const {
  const auto all = status();
  return static_cast<size_t>(std::count_if(
      all.begin(), all.end(), [&](const auto& key) { return key.file_key == file_key; }));
}

bool TenantKeys::anyNotWrappedBy(const std::string& file_key) const {
  return wrappedBy(file_key) != status().size();
}

Result<TenantKeyPtr> TenantKeys::add(const std::string& tenant, const KeyRing& ring) {
  const TenantKeyPtr before = current(tenant);
  auto key = std::make_shared<TenantKey>();
  key->tenant = tenant;
  key->id = toHex(crypto::randomBytes(kKeyIdBytes));
  key->number = before ? before->number + 1 : 1;
  key->created_at_ms = clock_.unixMs();
  key->secret = crypto::SecretBytes::random(2 * kHalf);
  if (before) before->fingerprinting().copy(key->secret.data() + kHalf, kHalf);
  const Kek& by = ring.current();
  Entry entry{key, by.id, wrap(*key, by), 0, limits::kSealsReserved};
  JUNCTOR_CHECK(write(entry));
  log::info("vault", {{"tenant", tenant}, {"key", key->id}}, "the tenant has a new key");
  const std::lock_guard lock(mutex_);
  keep(std::move(entry));
  return TenantKeyPtr(key);
}

Result<TenantKeyPtr> TenantKeys::useCurrent(const std::string& tenant, const KeyRing& ring) {
  JUNCTOR_CHECK(makeRoom(tenant, ring));
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.at(tenant).front();
  ++entry.used;
  return entry.key;
}

Result<void> TenantKeys::makeRoom(const std::string& tenant, const KeyRing& ring) {
  Entry now;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(tenant);
    if (found != entries_.end()) now = found->second.front();
  }
  if (now.key && now.used < now.reserved) return {};
  if (!now.key || now.reserved >= limits::kSealsPerKeyMax) {
    JUNCTOR_CHECK(add(tenant, ring));
    return {};
  }
  now.reserved += limits::kSealsReserved;
  JUNCTOR_CHECK(write(now));
  const std::lock_guard lock(mutex_);
  entries_.at(tenant).front().reserved = now.reserved;
  return {};
}

Result<bool> TenantKeys::rewrap(const std::string& tenant, const std::string& id, const Kek& by) {
  Entry next;
  {
    const std::lock_guard lock(mutex_);
    const Entry* entry = entryOf(tenant, id);
    if (!entry || entry->file_key == by.id) return false;
    next = *entry;
  }
  next.file_key = by.id;
  next.wrapped = wrap(*next.key, by);
  JUNCTOR_CHECK(write(next));
  const std::lock_guard lock(mutex_);
  *entryOf(tenant, id) = next;  // nobody else removes it: the caller holds the writing lock
  return true;
}

Result<void> TenantKeys::remove(const std::string& tenant, const std::string& id) {
  JUNCTOR_CHECK(writer_.remove(kKeyKind, tenant + "/" + id));
  const std::lock_guard lock(mutex_);
  auto& entries = entries_[tenant];
  std::erase_if(entries, [&](const Entry& entry) { return entry.key->id == id; });
  if (entries.empty()) entries_.erase(tenant);
  return {};
}

Result<void> TenantKeys::write(const Entry& entry) {
  const KeyRecord record{entry.file_key, entry.wrapped, entry.key->number, entry.reserved,
                         entry.key->created_at_ms};
  return writer_.put(kKeyKind, entry.key->tenant + "/" + entry.key->id, record.toJson());
}

void TenantKeys::keep(Entry entry) {
  auto& entries = entries_[entry.key->tenant];
  entries.push_back(std::move(entry));
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.key->number > b.key->number; });
}

TenantKeys::Entry* TenantKeys::entryOf(const std::string& tenant, const std::string& id) {
  const auto found = entries_.find(tenant);
  if (found == entries_.end()) return nullptr;
  for (Entry& entry : found->second) {
    if (entry.key->id == id) return &entry;
  }
  return nullptr;
}

}  // namespace junctor::vault
