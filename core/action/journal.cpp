#include "action/journal.h"

#include "base/json_value.h"
#include "base/limits.h"
#include "crypto/hash.h"

namespace junctor::action {
namespace {

std::string kindOf(const Journal::Key& key) {
  const std::string bucket = crypto::sha256Hex(key.key).substr(0, 2);
  return "action:" + key.tenant + ":" + key.integration + ":" + bucket;
}

std::string documentOf(const std::string& digest, int64_t at_ms, const Answer* answer) {
  Json json = {{"digest", digest}, {"at_ms", at_ms}};
  if (answer) {
    json["status"] = answer->status;
    json["body"] = answer->json;
    if (answer->retry_after) json["retry_after_ms"] = answer->retry_after->count();
  }
  return dumpJson(json);
}

// A result that is too long to keep leaves what finds it again.
Answer keepable(const Answer& answer) {
  if (answer.json.size() <= limits::kActionJournalBytesMax) return answer;
  auto json = parseJson(answer.json);
  if (!json || !json->is_object()) return answer;
  (*json)["data"] = nullptr;
  (*json)["data_dropped"] = true;
  Answer shorter = answer;
  shorter.json = dumpJson(*json);
  return shorter;
}

Answer answerOf(const Json& json) {
  Answer answer{json.value("status", 500), json.value("body", std::string()), true};
  if (const auto wait = json.find("retry_after_ms"); wait != json.end()) {
    answer.retry_after = std::chrono::milliseconds(wait->get<int64_t>());
  }
  return answer;
}

}  // namespace

std::string Journal::name(const Key& key) const {
  return kindOf(key) + '\n' + key.key;
}

Result<std::variant<Journal::Go, Answer>> Journal::begin(const Key& key) {
  std::lock_guard lock(mutex_);
  if (running_.contains(name(key))) {
    Answer busy = problem(409, "in-progress", "an act with this idempotency key is under way");
    busy.retry_after = std::chrono::seconds(1);
    return std::variant<Go, Answer>(std::move(busy));
  }
  JUNCTOR_TRY(const auto documents, store_.documents(kindOf(key)));
  Go go = Go::New;
  for (const auto& [found, text] : documents) {
    if (found != key.key) continue;
    JUNCTOR_TRY(const Json json, parseJson(text));
    if (json.value("at_ms", int64_t{0}) + limits::kActionJournalMs < clock_.unixMs()) break;
    if (json.value("digest", std::string()) != key.digest) {
      return std::variant<Go, Answer>(problem(
          422, "idempotency-mismatch", "the idempotency key was used for something else before"));
    }
    if (json.contains("status")) return std::variant<Go, Answer>(answerOf(json));
    go = Go::Interrupted;
  }
  JUNCTOR_CHECK(prune(kindOf(key)));
  JUNCTOR_CHECK(
      store_.putDocument(kindOf(key), key.key, documentOf(key.digest, clock_.unixMs(), nullptr)));
  running_.insert(name(key));
  return std::variant<Go, Answer>(go);
}

Result<void> Journal::end(const Key& key, const Answer& answer) {
  std::lock_guard lock(mutex_);
  running_.erase(name(key));
  const Answer kept = keepable(answer);
  return store_.putDocument(kindOf(key), key.key, documentOf(key.digest, clock_.unixMs(), &kept));
}

Result<void> Journal::forget(const Key& key) {
  std::lock_guard lock(mutex_);
  running_.erase(name(key));
  return store_.removeDocument(kindOf(key), key.key);
}

Result<void> Journal::prune(const std::string& kind) {
  JUNCTOR_TRY(const auto documents, store_.documents(kind));
  for (const auto& [key, text] : documents) {
    const auto json = parseJson(text);
    const int64_t at_ms = json ? json->value("at_ms", int64_t{0}) : 0;
    if (at_ms + limits::kActionJournalMs >= clock_.unixMs()) continue;
    const auto removed = store_.removeDocument(kind, key);
    if (!removed && removed.error().code != ErrorCode::NotFound) return removed.error();
  }
  return {};
}

}  // namespace junctor::action
