#pragma once
// Freshness: the newest event seen of each resource, to tell what comes out of order. By `sequence`
// where events have one, else by `occurred_at`. Thread-safe.
//
// In memory: the newest limits::kResourcesKnownMax resources, and after a restart those of the
// newest limits::kResourcesReadAtStart events. What is forgotten makes no event stale.
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "model/event.h"
#include "store/store.h"

namespace junctor::flow {

class Freshness {
 public:
  explicit Freshness(size_t resources_max) : resources_max_(resources_max) {}

  // Remembers the event; true: a newer one of its resource was seen before, so it is stale. An
  // event without resource id, or without sequence and time, is never stale.
  bool see(const Event& event);
  // Is it, by now?
  bool stale(const Event& event) const;
  // Reads the newest stored events.
  Result<void> load(store::Store& store, size_t events);
  size_t size() const;

 private:
  struct Mark {
    bool sequenced = false;
    int64_t value = 0;
    std::list<const std::string*>::iterator age;
  };
  static bool keyOf(const Event& event, std::string& key, Mark& mark);

  const size_t resources_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Mark> marks_;
  std::list<const std::string*> ages_;  // least recently seen first
};

}  // namespace junctor::flow
