#include "steps/keepsakes.h"

#include <algorithm>

#include "base/json_value.h"
#include "base/limits.h"
#include "crypto/hash.h"

namespace junctor::steps {
namespace {

std::string bucketOf(const char* what, const std::string& tenant, const std::string& key) {
  return std::string(what) + ":" + tenant + ":" + crypto::sha256Hex(key).substr(0, 2);
}

const std::string* find(const std::vector<std::pair<std::string, std::string>>& documents,
                        const std::string& key) {
  const auto found = std::find_if(documents.begin(), documents.end(),
                                  [&](const auto& document) { return document.first == key; });
  return found == documents.end() ? nullptr : &found->second;
}

Result<void> unlessMissing(const Result<void>& removed) {
  if (!removed && removed.error().code != ErrorCode::NotFound) return removed;
  return {};
}

}  // namespace

Result<std::string> Keepsakes::value(const std::string& tenant, const std::string& key) {
  JUNCTOR_TRY(const auto documents, store_.documents(bucketOf("flow-value", tenant, key)));
  const std::string* found = find(documents, key);
  return found ? *found : std::string();
}

Result<void> Keepsakes::setValue(const std::string& tenant, const std::string& key,
                                 const std::string& json) {
  const std::string kind = bucketOf("flow-value", tenant, key);
  std::lock_guard lock(mutex_);
  if (json.empty()) return unlessMissing(store_.removeDocument(kind, key));
  JUNCTOR_TRY(const auto documents, store_.documents(kind));
  if (!find(documents, key) && documents.size() >= limits::kFlowKvKeysMax) {
    return makeError(ErrorCode::ResourceExhausted, "the tenant keeps too many values");
  }
  return store_.putDocument(kind, key, json);
}

Result<std::optional<std::string>> Keepsakes::answer(const std::string& tenant,
                                                     const std::string& digest,
                                                     int64_t age_max_ms) {
  JUNCTOR_TRY(const auto documents, store_.documents(bucketOf("flow-answer", tenant, digest)));
  const std::string* found = find(documents, digest);
  if (!found) return std::optional<std::string>();
  JUNCTOR_TRY(const Json json, parseJson(*found));
  const int64_t now = clock_.unixMs();
  const bool fresh = json.value("at_ms", int64_t{0}) + age_max_ms > now &&
                     json.value("until_ms", int64_t{0}) > now;
  if (!fresh) return std::optional<std::string>();
  return std::optional<std::string>(json.value("answer", ""));
}

Result<void> Keepsakes::keepAnswer(const std::string& tenant, const std::string& digest,
                                   const std::string& answer, int64_t age_max_ms) {
  const std::string kind = bucketOf("flow-answer", tenant, digest);
  std::lock_guard lock(mutex_);
  JUNCTOR_CHECK(makeRoom(kind));
  const int64_t now = clock_.unixMs();
  const Json json = {{"at_ms", now}, {"until_ms", now + age_max_ms}, {"answer", answer}};
  return store_.putDocument(kind, digest, dumpJson(json));
}

// What is over goes; of the others the oldest, if they are too many.
Result<void> Keepsakes::makeRoom(const std::string& kind) {
  JUNCTOR_TRY(const auto documents, store_.documents(kind));
  std::vector<std::pair<int64_t, std::string>> kept;
  for (const auto& [key, text] : documents) {
    const auto json = parseJson(text);
    if (json && json->value("until_ms", int64_t{0}) > clock_.unixMs()) {
      kept.emplace_back(json->value("at_ms", int64_t{0}), key);
    } else {
      JUNCTOR_CHECK(unlessMissing(store_.removeDocument(kind, key)));
    }
  }
  std::sort(kept.begin(), kept.end());
  for (size_t i = 0; kept.size() - i >= limits::kFlowCacheEntriesMax; ++i) {
    JUNCTOR_CHECK(unlessMissing(store_.removeDocument(kind, kept[i].second)));
  }
  return {};
}

}  // namespace junctor::steps
