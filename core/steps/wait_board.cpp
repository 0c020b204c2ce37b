#include "steps/wait_board.h"

#include "base/json_value.h"
#include "base/limits.h"

namespace junctor::steps {

std::string waitJson(const std::string& pattern_json, int64_t since_key) {
  return "{\"for\":" + pattern_json + ",\"since\":" + std::to_string(since_key) + "}";
}

Result<Wait> readWait(const WaitingStep& waiting) {
  JUNCTOR_TRY(const Json json, parseJson(waiting.step.result_json));
  if (!json.is_object() || !json.contains("for")) return invalidArgument("no pattern");
  const std::string pattern = dumpJson(json["for"]);
  Wait wait;
  wait.delivery = waiting.delivery_id;
  wait.tenant = waiting.tenant;
  wait.step = waiting.step;
  JUNCTOR_TRY(wait.pattern, script::WaitPattern::parse(pattern));
  wait.type = json["for"]["type"].get<std::string>();
  const auto since = json.find("since");
  if (since != json.end() && since->is_number_integer()) wait.since_key = since->get<int64_t>();
  return wait;
}

WaitBoard::Added WaitBoard::add(const Wait& wait) {
  std::lock_guard lock(mutex_);
  auto& mine = waits_[wait.tenant];
  const Key key{wait.delivery, wait.step.key};
  if (mine.contains(key)) return Added::Known;
  if (mine.size() >= limits::kFlowWaitsMax) return Added::Full;
  mine.emplace(key, wait);
  return Added::New;
}

void WaitBoard::remove(DeliveryId delivery, const std::string& key) {
  std::lock_guard lock(mutex_);
  for (auto at = waits_.begin(); at != waits_.end();) {
    at->second.erase({delivery, key});
    at = at->second.empty() ? waits_.erase(at) : std::next(at);
  }
}

void WaitBoard::removeAll(DeliveryId delivery) {
  std::lock_guard lock(mutex_);
  for (auto at = waits_.begin(); at != waits_.end();) {
    auto& mine = at->second;
    for (auto wait = mine.lower_bound({delivery, ""});
         wait != mine.end() && wait->first.first == delivery;) {
      wait = mine.erase(wait);
    }
    at = mine.empty() ? waits_.erase(at) : std::next(at);
  }
}

bool WaitBoard::interested(const std::string& tenant) const {
  std::lock_guard lock(mutex_);
  return waits_.contains(tenant);
}

std::vector<Wait> WaitBoard::endedBy(const EventEnvelope& event) const {
  std::vector<Wait> ended;
  std::lock_guard lock(mutex_);
  const auto found = waits_.find(event.event.tenant);
  if (found == waits_.end()) return ended;
  for (const auto& [key, wait] : found->second) {
    if (wait.endedBy(event)) ended.push_back(wait);
  }
  return ended;
}

}  // namespace junctor::steps
