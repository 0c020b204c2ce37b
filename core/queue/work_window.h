#pragma once
// WorkWindow: the part of a durable work list that is held in memory. Pure: no threads, no clock,
// no store; the owner passes `now` and serializes calls.
//
// The store knows all work; the window holds what can run now, up to a bound, so that memory stays
// flat however long the backlog is. Fresh work is offered right after its commit. What does not
// fit, and what is due later, stays in the store alone: the window remembers only the earliest time
// at which a scan of the store is worth it.
//
// Work is handed out under a lease in fair turns over groups (tenants) and their lanes
// (queue/fair_turns.h), each lane with its own limit of running items. A group may hold, and run,
// as many items as there is room left beside it (runs: times its weight): one busy group has half
// the window, two have a third each, and a new one always finds room. In its share of it a lane
// (for each priority) is bound the same way. So neither a slow lane nor a noisy tenant stops the
// others. A lease that is not settled in time is handed out again with a higher epoch, and the late
// settle of the old epoch is ignored.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "queue/fair_turns.h"

namespace junctor::queue {

struct WindowOptions {
  size_t items_max = 0;
  size_t bytes_max = 0;
  size_t lane_running_max = 0;                              // leased at once in one lane
  size_t running_max = std::numeric_limits<size_t>::max();  // in all lanes
  int64_t lease_ms = 0;
};

// Known: held or claimed already, or settled since the scan began.
enum class Offered { Taken, Known, LaneFull, Full };

template <class Item>
class WorkWindow {
 public:
  struct Leased {
    int64_t key = 0;
    uint64_t epoch = 0;
    Item item;
  };

  explicit WorkWindow(const WindowOptions& options) : options_(options) {}

  // Work that is durable and may run now. Where there is no room a scan is noted for when there is.
  // `bytes` is what it costs in memory; one item always fits an empty window.
  Offered offer(int64_t key, const std::string& lane_name, size_t bytes, Item item,
                Priority priority = Priority::Normal) {
    if (holds(key)) return Offered::Known;
    const bool bytes_fit = entries_.empty() || bytes_ + bytes <= options_.bytes_max;
    if (room() == 0 || !bytes_fit) {
      scan_at_ = 0;
      overflowed_ = true;
      return Offered::Full;
    }
    Lane& lane = turns_.lane(lane_name);
    const size_t held = lane.held[static_cast<size_t>(priority)];
    if (held >= roomFor(lane)) {
      lane.overflowed = lane.items > 0;
      if (lane.items == 0) turns_.drop(lane);
      return Offered::LaneFull;
    }
    enter(lane, priority);
    bytes_ += bytes;
    entries_.emplace(key, Entry{&lane, bytes, priority, std::move(item), 0, 0, false});
    turns_.makeReady(lane, priority, key);
    return Offered::Taken;
  }

  // Shares of the groups (tenants): weights from 1 on.
  void weigh(FairTurns::Weigh weigh) { turns_.weigh(std::move(weigh)); }

  // Hands out up to `max` items. They count as held until settle() or deferral. Leases run on
  // monotonic time: a wall clock that jumps must not hand work out twice. `start(lane)` is
  // asked before each item whether its lane may start one more; after a yes it is started.
  template <class Start>
  std::vector<Leased> lease(int64_t monotonic_ms, size_t max, Start start) {
    crowded_ = false;
    const auto may = [&](const Lane& lane) {
      if (lane.running >= options_.lane_running_max) return false;
      const size_t share = lane.group->running / static_cast<size_t>(lane.group->weight);
      const bool fits = share < options_.running_max - running_;
      crowded_ |= !fits;
      return fits && start(lane);
    };
    std::vector<Leased> out;
    while (out.size() < max) {
      const auto turn = turns_.next(may);
      if (!turn) break;
      run(*turn->lane, 1);
      Entry& entry = entries_.at(turn->key);
      entry.epoch = ++epoch_;
      entry.lease_until = monotonic_ms + options_.lease_ms;
      out.push_back({turn->key, entry.epoch, entry.item});
    }
    turns_.endRound();
    return out;
  }

  std::vector<Leased> lease(int64_t monotonic_ms, size_t max) {
    return lease(monotonic_ms, max, [](const Lane&) { return true; });
  }

  // Did the last lease() pass over work for want of places? Then any that ends makes room for it.
  bool crowded() const { return crowded_; }

  // Is a lease worth waking somebody for? Only once a quarter of what the lane may run
  // (`running_max`) is free: whoever runs the items has the others queued, and refills come in
  // batches.
  bool hungry(const std::string& lane_name, size_t running_max) const {
    const Lane* lane = turns_.find(lane_name);
    return lane != nullptr && !lane->idle() && lane->running <= running_max - (running_max + 3) / 4;
  }
  bool hungry(const std::string& lane_name) const {
    return hungry(lane_name, options_.lane_running_max);
  }

  // Forgets everything that is not leased: it is others' now.
  void evictAll() {
    for (auto next = entries_.begin(); next != entries_.end();) {
      const auto entry = next++;
      if (entry->second.epoch == 0) removeReady(entry);
    }
    noteDue(0);
  }
  // Puts what waits in a lane back into the store: nothing of it may run for a while. The owner
  // notes when it is due again.
  void evict(const std::string& lane_name) {
    Lane* lane = turns_.find(lane_name);
    if (lane == nullptr || lane->idle()) return;
    for (const int64_t key : turns_.takeAll(*lane)) {
      const auto entry = entries_.find(key);
      bytes_ -= entry->second.bytes;
      leave(*lane, entry->second.priority);
      entries_.erase(entry);
    }
    lane->overflowed = false;
    if (lane->items == 0) turns_.drop(*lane);
  }

  // The item's work is over and only its record is outstanding: it stays held, but its place among
  // the running items of its lane is free.
  void release(int64_t key, uint64_t epoch) {
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.epoch != epoch || found->second.released) return;
    found->second.released = true;
    found->second.lane->unrecorded += 1;
    run(*found->second.lane, -1);
  }

  // The item is finished, or (with a due time) rests in the store until then. False: the lease was
  // lost in between, nothing changed.
  bool settle(int64_t key, uint64_t epoch) { return remove(key, epoch); }
  bool defer(int64_t key, uint64_t epoch, int64_t due_at_ms) {
    if (!remove(key, epoch)) return false;
    noteDue(due_at_ms);
    return true;
  }

  // Work outside the window becomes due at that time.
  void noteDue(int64_t due_at_ms) {
    if (due_at_ms < scan_at_) scan_at_ = due_at_ms;
  }

  // Takes back leases that ran out; they may be leased again. Returns how many.
  size_t reclaim(int64_t monotonic_ms) {
    size_t count = 0;
    for (auto& [key, entry] : entries_) {
      if (entry.lease_until == 0 || entry.lease_until > monotonic_ms) continue;
      entry.lease_until = 0;
      entry.epoch = 0;
      unlease(entry);
      turns_.makeReady(*entry.lane, entry.priority, key);
      ++count;
    }
    return count;
  }

  // Should the owner scan the store now? When the whole window overflowed, only once a good part
  // was worked off, so that the same rows are not read again and again.
  bool scanDue(int64_t now_ms) const {
    if (scan_at_ > now_ms || room() == 0) return false;
    return !overflowed_ || entries_.empty() || drained_ >= options_.items_max / 4;
  }
  size_t room() const { return options_.items_max - entries_.size(); }
  // A scan reads the store without stopping the work, so what it read may be finished by the time
  // it is offered. Between beginScan() and endScan() the window remembers what was settled, and
  // offerScanned() leaves that out: nothing is handed out a second time on stale evidence.
  void beginScan() {
    scanning_ = true;
    scan_at_ = kNever;  // what overflows from here on asks for another scan
    overflowed_ = false;
    drained_ = 0;
    settled_in_scan_.clear();
  }
  Offered offerScanned(int64_t key, const std::string& lane_name, size_t bytes, Item item,
                       Priority priority = Priority::Normal) {
    if (settled_in_scan_.contains(key)) return Offered::Known;
    return offer(key, lane_name, bytes, std::move(item), priority);
  }
  // `next_due_ms`: the earliest due time of what is still outside, kNever if nothing is.
  void endScan(int64_t next_due_ms) {
    scanning_ = false;
    settled_in_scan_.clear();
    noteDue(next_due_ms);
  }
  int64_t scanAt() const { return scan_at_; }

  bool holds(int64_t key) const { return entries_.contains(key) || claimed_.contains(key); }
  // Keeps an item from being handed out while a person decides about it; false if it runs now.
  // unclaim() ends that; the item then has to be offered or scanned anew.
  bool claim(int64_t key) {
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      if (found->second.epoch != 0) return false;
      removeReady(found);
    }
    claimed_.insert(key);
    return true;
  }
  void unclaim(int64_t key) { claimed_.erase(key); }
  size_t size() const { return entries_.size(); }
  size_t running(const std::string& lane_name) const {
    const Lane* lane = turns_.find(lane_name);
    return lane == nullptr ? 0 : lane->running;
  }

  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

 private:
  using Lane = FairTurns::Lane;
  struct Entry {
    Lane* lane;
    size_t bytes;
    Priority priority;
    Item item;
    uint64_t epoch;
    int64_t lease_until;    // 0 = not leased
    bool released = false;  // leased, but no longer running
  };

  // How many items of one priority the lane may hold: what its group may have, (items + room) / 2,
  // less what it has. A group without parts needs no room for siblings.
  size_t roomFor(const Lane& lane) const {
    const size_t has = lane.group->items;
    if (lane.alone()) return room();
    const size_t share = (has + room() + 1) / 2;
    return share > has ? share - has : 0;
  }

  void enter(Lane& lane, Priority priority) {
    lane.items += 1;
    lane.held[static_cast<size_t>(priority)] += 1;
    lane.group->items += 1;
  }
  static void leave(Lane& lane, Priority priority) {
    lane.items -= 1;
    lane.held[static_cast<size_t>(priority)] -= 1;
    lane.group->items -= 1;
  }
  void run(Lane& lane, int change) {
    const auto by = static_cast<size_t>(change);  // wraps around for -1, as it should
    lane.running += by;
    lane.group->running += by;
    running_ += by;
  }

  void unlease(Entry& entry) {
    if (entry.released) {
      entry.lane->unrecorded -= 1;
    } else {
      run(*entry.lane, -1);
    }
    entry.released = false;
  }

  bool remove(int64_t key, uint64_t epoch) {
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.epoch != epoch || epoch == 0) return false;
    if (scanning_) settled_in_scan_.insert(key);
    drained_ += 1;
    unlease(found->second);
    forget(found);
    return true;
  }

  template <class Found>
  void removeReady(Found found) {
    turns_.takeBack(*found->second.lane, found->second.priority, found->first);
    forget(found);
  }

  // A lane that refused items asks for a scan once it holds half of what it could.
  template <class Found>
  void forget(Found found) {
    Lane& lane = *found->second.lane;
    leave(lane, found->second.priority);
    bytes_ -= found->second.bytes;
    entries_.erase(found);
    if (lane.overflowed && lane.items <= roomFor(lane) / 2) {
      lane.overflowed = false;
      noteDue(0);
    }
    if (lane.items == 0) turns_.drop(lane);
  }

  WindowOptions options_;
  std::unordered_map<int64_t, Entry> entries_;
  FairTurns turns_;
  size_t running_ = 0;  // leased and not released
  bool crowded_ = false;
  std::unordered_set<int64_t> settled_in_scan_;
  std::unordered_set<int64_t> claimed_;
  bool scanning_ = false;
  bool overflowed_ = false;  // something did not fit since the last scan began
  size_t drained_ = 0;       // left the window since then
  size_t bytes_ = 0;
  uint64_t epoch_ = 0;
  int64_t scan_at_ = 0;  // the first scan is due at once: recovery is nothing special
};

}  // namespace junctor::queue
