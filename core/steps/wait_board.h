#pragma once
// WaitBoard: the waits of flows, by tenant, so that an event finds those it may end. Thread-safe.
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "script/flow.h"

namespace junctor::steps {

struct Wait {
  DeliveryId delivery;
  std::string tenant;
  Step step;
  std::string type;       // pattern of the event's type
  int64_t since_key = 0;  // events with a higher order key count
  script::WaitPattern pattern;

  bool endedBy(const EventEnvelope& event) const {
    return event.event.id.orderKey() > since_key && pattern.matches(event);
  }
};

// What a waiting step says that it waits for: {"for": pattern, "since": order key}.
std::string waitJson(const std::string& pattern_json, int64_t since_key);
Result<Wait> readWait(const WaitingStep& waiting);

class WaitBoard {
 public:
  enum class Added { New, Known, Full };  // Full: the tenant has as many as it may have
  Added add(const Wait& wait);
  void remove(DeliveryId delivery, const std::string& key);
  void removeAll(DeliveryId delivery);
  bool interested(const std::string& tenant) const;
  std::vector<Wait> endedBy(const EventEnvelope& event) const;

 private:
  using Key = std::pair<DeliveryId, std::string>;
  mutable std::mutex mutex_;
  std::map<std::string, std::map<Key, Wait>> waits_;  // by tenant; guarded by mutex_
};

}  // namespace junctor::steps
