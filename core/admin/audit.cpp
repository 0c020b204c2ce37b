#include "admin/audit.h"

#include <fmt/core.h>

#include "base/json_value.h"
#include "base/limits.h"
#include "crypto/hash.h"

namespace junctor::admin {
namespace {

constexpr uint64_t kSegment = 256;  // records that are read together
constexpr const char* kHeadKind = "audit-head";

std::string kindOf(uint64_t number) {
  return fmt::format("audit:{:08}", (number - 1) / kSegment);
}
std::string keyOf(uint64_t number) {
  return fmt::format("{:016}", number);
}

Error broken(uint64_t number, const char* why) {
  return makeError(ErrorCode::DataLoss, fmt::format("audit record {}: {}", number, why));
}

}  // namespace

std::string auditHash(const Json& record) {
  std::string text;
  for (const char* key :
       {"number", "at", "token", "role", "tenant", "from", "method", "path", "status", "before"}) {
    const Json value = record.value(key, Json());
    const std::string shown = value.is_string() ? value.get<std::string>() : dumpJson(value);
    text += fmt::format("{}:{}\n", shown.size(), shown);  // lengths: no two records read the same
  }
  return crypto::sha256Hex(text);
}

Result<void> followChain(const Json& record, uint64_t& next, std::string& head) {
  if (!record.is_object() || record.value("number", uint64_t{0}) != next) {
    return broken(next, "is missing, doubled or out of place");
  }
  if (record.value("before", std::string()) != head) {
    return broken(next, "does not follow the one before it");
  }
  const std::string hash = auditHash(record);
  if (record.value("hash", std::string()) != hash) return broken(next, "was changed");
  ++next;
  head = hash;
  return {};
}

// The head document names a segment that is not the last at worst: the rest is found from there.
Result<void> AuditLog::load() {
  JUNCTOR_TRY(const auto heads, store_.documents(kHeadKind));
  uint64_t at = 1;
  if (!heads.empty()) {
    JUNCTOR_TRY(const Json json, parseJson(heads.front().second));
    at = json.value("segment_from", uint64_t{1});
  }
  for (;; at += kSegment) {
    JUNCTOR_TRY(const auto documents, store_.documents(kindOf(at)));
    if (documents.empty()) break;
    JUNCTOR_TRY(const Json json, parseJson(documents.back().second));
    last_ = json.value("number", uint64_t{0});
    head_ = json.value("hash", std::string());
    if (last_ % kSegment != 0) break;
  }
  loaded_ = true;
  return {};
}

Result<void> AuditLog::record(const AuditEntry& entry) {
  std::lock_guard lock(mutex_);
  return store_.exclusively("audit", [&] { return append(entry); });
}

// In a cluster another node may have written the last record.
Result<void> AuditLog::append(const AuditEntry& entry) {
  if (!loaded_ || store_.lane() >= 0) JUNCTOR_CHECK(load());
  const uint64_t number = last_ + 1;
  Json json = {{"number", number},       {"at", formatRfc3339(clock_.unixMs())},
               {"token", entry.token},   {"role", entry.role},
               {"tenant", entry.tenant}, {"from", entry.from},
               {"method", entry.method}, {"path", entry.path},
               {"status", entry.status}, {"before", head_}};
  const std::string hash = auditHash(json);
  json["hash"] = hash;
  if (last_ % kSegment == 0) {
    JUNCTOR_CHECK(store_.putDocument(kHeadKind, "head", dumpJson({{"segment_from", number}})));
  }
  JUNCTOR_CHECK(store_.putDocument(kindOf(number), keyOf(number), dumpJson(json)));
  last_ = number;
  head_ = hash;
  return {};
}

Result<std::vector<std::string>> AuditLog::list(uint64_t after, size_t limit) {
  std::vector<std::string> out;
  for (uint64_t at = after + 1; out.size() < limit;) {
    JUNCTOR_TRY(const auto documents, store_.documents(kindOf(at)));
    if (documents.empty()) break;
    for (const auto& [key, json] : documents) {
      if (key > keyOf(after) && out.size() < limit) out.push_back(json);
    }
    at = ((at - 1) / kSegment + 1) * kSegment + 1;
  }
  return out;
}

}  // namespace junctor::admin
