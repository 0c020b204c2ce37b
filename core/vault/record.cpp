#include "vault/record.h"

#include <algorithm>
#include <initializer_list>

#include "base/bytes.h"
#include "base/json_value.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "base/strict_object.h"

namespace junctor::vault {
namespace {

constexpr int64_t kVersion = 1;
constexpr std::string_view kDestination = "destination/";
constexpr std::string_view kLogin = "login/";
constexpr size_t kNameBytesMax = 255;

// Each part with its length, so that no two lists of parts give the same bytes.
std::string joined(std::initializer_list<std::string_view> parts) {
  std::string bytes;
  for (const std::string_view part : parts) {
    bytes += std::to_string(part.size());
    bytes += ':';
    bytes += part;
  }
  return bytes;
}

Error damaged(const Error& cause) {
  return makeError(ErrorCode::DataLoss, "a record of the vault is damaged: " + cause.message);
}

Result<std::string> bytesOf(const StrictObject& object, const char* key) {
  JUNCTOR_TRY(const std::string text, object.requiredText(key));
  auto bytes = fromBase64(text);
  if (!bytes) return object.error(key, "must be base64");
  return std::move(*bytes);
}

Result<void> checkVersion(const StrictObject& object) {
  JUNCTOR_CHECK(object.integer("v", 0, kVersion, kVersion));
  return {};
}

Result<SecretRecord> readSecret(const std::string& json) {
  JUNCTOR_TRY(const Json parsed, parseJson(json));
  JUNCTOR_TRY(const auto object, StrictObject::open(parsed, "",
                                                    {"v", "key", "sealed", "fingerprint",
                                                     "created_at_ms", "updated_at_ms"}));
  JUNCTOR_CHECK(checkVersion(object));
  SecretRecord record;
  JUNCTOR_TRY(record.key_id, object.requiredText("key"));
  JUNCTOR_TRY(record.sealed, bytesOf(object, "sealed"));
  JUNCTOR_TRY(record.fingerprint, object.requiredText("fingerprint"));
  JUNCTOR_TRY(record.created_at_ms, object.integer("created_at_ms", 0, 0, INT64_MAX));
  JUNCTOR_TRY(record.updated_at_ms, object.integer("updated_at_ms", 0, 0, INT64_MAX));
  return record;
}

Result<KeyRecord> readKey(const std::string& json) {
  JUNCTOR_TRY(const Json parsed, parseJson(json));
  JUNCTOR_TRY(const auto object,
              StrictObject::open(parsed, "",
                                 {"v", "file_key", "wrapped", "number", "seals", "created_at_ms"}));
  JUNCTOR_CHECK(checkVersion(object));
  KeyRecord record;
  JUNCTOR_TRY(record.file_key, object.requiredText("file_key"));
  JUNCTOR_TRY(record.wrapped, bytesOf(object, "wrapped"));
  JUNCTOR_TRY(const int64_t number, object.integer("number", 0, 1, INT64_MAX));
  JUNCTOR_TRY(const int64_t seals, object.integer("seals", 0, 0, INT64_MAX));
  JUNCTOR_TRY(record.created_at_ms, object.integer("created_at_ms", 0, 0, INT64_MAX));
  record.number = static_cast<uint64_t>(number);
  record.seals = static_cast<uint64_t>(seals);
  return record;
}

bool plainName(std::string_view text, size_t bytes_max) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= bytes_max &&
         std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace

std::string destinationOwner(const std::string& name) {
  return std::string(kDestination) + name;
}

std::string loginOwner(const std::string& integration) {
  return std::string(kLogin) + integration;
}

std::string secretKind(const std::string& tenant, const std::string& owner) {
  return "secret/" + tenant + "/" + owner;
}

std::string SecretRecord::toJson() const {
  JsonWriter out;
  out.beginObject().key("v").integer(kVersion).key("key").string(key_id);
  out.key("sealed").string(toBase64(sealed)).key("fingerprint").string(fingerprint);
  out.key("created_at_ms").integer(created_at_ms).key("updated_at_ms").integer(updated_at_ms);
  out.endObject();
  return std::move(out).take();
}

Result<SecretRecord> SecretRecord::fromJson(const std::string& json) {
  auto record = readSecret(json);
  if (!record) return damaged(record.error());
  return record;
}

std::string KeyRecord::toJson() const {
  JsonWriter out;
  out.beginObject().key("v").integer(kVersion).key("file_key").string(file_key);
  out.key("wrapped").string(toBase64(wrapped)).key("number").unsignedInteger(number);
  out.key("seals").unsignedInteger(seals).key("created_at_ms").integer(created_at_ms);
  out.endObject();
  return std::move(out).take();
}

Result<KeyRecord> KeyRecord::fromJson(const std::string& json) {
  auto record = readKey(json);
  if (!record) return damaged(record.error());
  return record;
}

std::string boundTo(const SecretName& name, const std::string& key_id) {
  return joined({"junctor secret 1", name.tenant, name.owner, name.field, key_id});
}

std::string boundTo(const std::string& tenant, const std::string& key_id,
                    const std::string& file_key) {
  return joined({"junctor tenant key 1", tenant, key_id, file_key});
}

Result<void> checkTenant(const std::string& tenant) {
  if (plainName(tenant, kNameBytesMax)) return {};
  return invalidArgument("a tenant's id has letters, digits, '.', '_' and '-'");
}

Result<void> checkName(const SecretName& name) {
  JUNCTOR_CHECK(checkTenant(name.tenant));
  std::string_view owner = name.owner;
  for (const std::string_view prefix : {kDestination, kLogin}) {
    if (!owner.starts_with(prefix)) continue;
    owner.remove_prefix(prefix.size());
    break;
  }
  if (!plainName(owner, kNameBytesMax)) {
    return invalidArgument("an owner's name has letters, digits, '.', '_' and '-'");
  }
  if (!plainName(name.field, limits::kSecretFieldBytesMax)) {
    return invalidArgument("a field's name has at most " +
                           std::to_string(limits::kSecretFieldBytesMax) +
                           " letters, digits, '.', '_' and '-'");
  }
  return {};
}

}  // namespace junctor::vault
