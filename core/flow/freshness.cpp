#include "flow/freshness.h"

#include "base/limits.h"

namespace junctor::flow {

bool Freshness::keyOf(const Event& event, std::string& key, Mark& mark) {
  if (event.resource.id.empty() || event.resource.id.size() > limits::kSourceIdBytesMax) {
    return false;
  }
  mark.sequenced = event.sequence.has_value();
  mark.value = event.sequence.value_or(event.occurred_at_ms);
  if (!mark.sequenced && mark.value == 0) return false;
  key = event.integration + '\n' + event.resource.type + '\n' + event.resource.id;
  return true;
}

// A resource whose events sometimes have a sequence and sometimes not is judged by the kind that
// came last: the two cannot be compared.
bool Freshness::see(const Event& event) {
  std::string key;
  Mark mark;
  if (!keyOf(event, key, mark)) return false;
  std::lock_guard lock(mutex_);
  const auto [found, fresh] = marks_.try_emplace(std::move(key), mark);
  if (fresh) {
    found->second.age = ages_.insert(ages_.end(), &found->first);
    if (marks_.size() > resources_max_) {
      marks_.erase(std::string(*ages_.front()));
      ages_.pop_front();
    }
    return false;
  }
  Mark& known = found->second;
  ages_.splice(ages_.end(), ages_, known.age);
  if (known.sequenced == mark.sequenced && mark.value < known.value) return true;
  known.sequenced = mark.sequenced;
  known.value = mark.value;
  return false;
}

bool Freshness::stale(const Event& event) const {
  std::string key;
  Mark mark;
  if (!keyOf(event, key, mark)) return false;
  std::lock_guard lock(mutex_);
  const auto known = marks_.find(key);
  return known != marks_.end() && known->second.sequenced == mark.sequenced &&
         mark.value < known->second.value;
}

Result<void> Freshness::load(store::Store& store, size_t events) {
  store::EventQuery query;
  query.limit = limits::kPageMax;
  for (size_t read = 0; read < events;) {
    JUNCTOR_TRY(const auto page, store.listEvents(query));
    for (const Event& event : page.items) see(event);
    read += page.items.size();
    if (page.next_cursor.empty() || page.items.empty()) return {};
    query.cursor = page.next_cursor;
  }
  return {};
}

size_t Freshness::size() const {
  std::lock_guard lock(mutex_);
  return marks_.size();
}

}  // namespace junctor::flow
