#pragma once
// WorkWindow: the part of a durable work list that is held in memory. Pure: no threads, no clock,
// no store; the owner passes `now` and serializes calls.
//
// The store knows all work; the window holds what can run now, up to a bound, so that memory stays
// flat however long the backlog is. Fresh work is offered right after its commit. What does not
// fit, and what is due later, stays in the store alone: the window remembers only the earliest time
// at which a scan of the store is worth it.
//
// Work is handed out under a lease, round robin over lanes (a destination, a tenant), each lane
// with its own limit of running items. A lane may hold as many items as there is room left beside
// it: one busy lane has half the window, two have a third each, and a new one always finds room, so
// a slow lane does not stop the others. A lease that is not settled in time is handed out again
// with a higher epoch, and the late settle of the old epoch is ignored.
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace junctor::queue {

struct WindowOptions {
  size_t items_max = 0;
  size_t bytes_max = 0;
  size_t lane_running_max = 0;  // leased at once in one lane
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
  Offered offer(int64_t key, const std::string& lane_name, size_t bytes, Item item) {
    if (holds(key)) return Offered::Known;
    const bool bytes_fit = entries_.empty() || bytes_ + bytes <= options_.bytes_max;
    if (room() == 0 || !bytes_fit) {
      scan_at_ = 0;
      overflowed_ = true;
      return Offered::Full;
    }
    Lane& lane = lanes_[lane_name];
    if (lane.items >= room()) {
      lane.overflowed = true;
      return Offered::LaneFull;
    }
    lane.items += 1;
    bytes_ += bytes;
    entries_.emplace(key, Entry{lane_name, bytes, std::move(item), 0, 0, false});
    makeReady(key, lane_name, lane);
    return Offered::Taken;
  }

  // Hands out up to `max` items. They count as held until settle() or deferral. Leases run on
  // monotonic time: a wall clock that jumps must not hand work out twice. `start(lane, running)` is
  // asked before each item whether its lane may start one more; after a yes it is started.
  template <class Start>
  std::vector<Leased> lease(int64_t monotonic_ms, size_t max, Start start) {
    std::vector<Leased> out;
    size_t idle_lanes = 0;
    while (out.size() < max && idle_lanes < turn_.size()) {
      std::string name = std::move(turn_.front());
      turn_.pop_front();
      Lane& lane = lanes_[name];
      if (lane.running >= options_.lane_running_max || !start(name, lane.running)) {
        turn_.push_back(std::move(name));
        ++idle_lanes;
        continue;
      }
      idle_lanes = 0;
      const int64_t key = lane.ready.front();
      lane.ready.pop_front();
      lane.running += 1;
      Entry& entry = entries_.at(key);
      entry.epoch = ++epoch_;
      entry.lease_until = monotonic_ms + options_.lease_ms;
      out.push_back({key, entry.epoch, entry.item});
      if (lane.ready.empty()) {
        lane.queued = false;
      } else {
        turn_.push_back(std::move(name));
      }
    }
    return out;
  }

  std::vector<Leased> lease(int64_t monotonic_ms, size_t max) {
    return lease(monotonic_ms, max, [](const std::string&, size_t) { return true; });
  }

  // Is a lease worth waking somebody for? Only once a quarter of what the lane may run
  // (`running_max`) is free: whoever runs the items has the others queued, and refills come in
  // batches.
  bool hungry(const std::string& lane_name, size_t running_max) const {
    const auto lane = lanes_.find(lane_name);
    return lane != lanes_.end() && !lane->second.ready.empty() &&
           lane->second.running <= running_max - (running_max + 3) / 4;
  }
  bool hungry(const std::string& lane_name) const {
    return hungry(lane_name, options_.lane_running_max);
  }

  // Forgets everything that is not leased: it is others' now.
  void evictAll() {
    const std::deque<std::string> lanes = turn_;
    for (const std::string& name : lanes) evict(name);
    noteDue(0);
  }
  // Puts what waits in a lane back into the store: nothing of it may run for a while. The owner
  // notes when it is due again.
  void evict(const std::string& lane_name) {
    const auto lane = lanes_.find(lane_name);
    if (lane == lanes_.end() || lane->second.ready.empty()) return;
    for (const int64_t key : lane->second.ready) {
      const auto entry = entries_.find(key);
      bytes_ -= entry->second.bytes;
      entries_.erase(entry);
    }
    lane->second.items -= lane->second.ready.size();
    lane->second.ready.clear();
    lane->second.overflowed = false;
    std::erase(turn_, lane_name);
    lane->second.queued = false;
    if (lane->second.items == 0) lanes_.erase(lane);
  }

  // The item's work is over and only its record is outstanding: it stays held, but its place among
  // the running items of its lane is free.
  void release(int64_t key, uint64_t epoch) {
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.epoch != epoch || found->second.released) return;
    found->second.released = true;
    lanes_.at(found->second.lane).running -= 1;
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
      Lane& lane = lanes_.at(entry.lane);
      if (!entry.released) lane.running -= 1;
      entry.released = false;
      makeReady(key, entry.lane, lane);
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
  Offered offerScanned(int64_t key, const std::string& lane_name, size_t bytes, Item item) {
    if (settled_in_scan_.contains(key)) return Offered::Known;
    return offer(key, lane_name, bytes, std::move(item));
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
    const auto lane = lanes_.find(lane_name);
    return lane == lanes_.end() ? 0 : lane->second.running;
  }

  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

 private:
  struct Entry {
    std::string lane;
    size_t bytes;
    Item item;
    uint64_t epoch;
    int64_t lease_until;    // 0 = not leased
    bool released = false;  // leased, but no longer running
  };
  struct Lane {
    std::deque<int64_t> ready;
    size_t items = 0;
    size_t running = 0;
    bool queued = false;      // stands in turn_
    bool overflowed = false;  // refused an item
  };

  void makeReady(int64_t key, const std::string& name, Lane& lane) {
    lane.ready.push_back(key);
    if (lane.queued) return;
    lane.queued = true;
    turn_.push_back(name);
  }

  bool remove(int64_t key, uint64_t epoch) {
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.epoch != epoch || epoch == 0) return false;
    const auto lane = lanes_.find(found->second.lane);
    if (scanning_) settled_in_scan_.insert(key);
    drained_ += 1;
    if (!found->second.released) lane->second.running -= 1;
    leaveLane(lane);
    bytes_ -= found->second.bytes;
    entries_.erase(found);
    return true;
  }

  template <class Found>
  void removeReady(Found found) {
    const auto lane = lanes_.find(found->second.lane);
    std::erase(lane->second.ready, found->first);
    if (lane->second.ready.empty() && lane->second.queued) {
      std::erase(turn_, lane->first);
      lane->second.queued = false;
    }
    leaveLane(lane);
    bytes_ -= found->second.bytes;
    entries_.erase(found);
  }

  // A lane that refused items asks for a scan once it holds half of what it could.
  template <class LaneAt>
  void leaveLane(LaneAt lane) {
    lane->second.items -= 1;
    if (lane->second.overflowed && lane->second.items <= room() / 2) {
      lane->second.overflowed = false;
      noteDue(0);
    }
    if (lane->second.items == 0 && !lane->second.queued) lanes_.erase(lane);
  }

  WindowOptions options_;
  std::unordered_map<int64_t, Entry> entries_;
  std::unordered_map<std::string, Lane> lanes_;
  std::deque<std::string> turn_;  // lanes with ready items, in turn
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
