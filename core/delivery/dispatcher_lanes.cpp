// What a destination gets: which lanes may start, what an ending attempt says about its receiver,
// and what a person decides.
#include <algorithm>

#include "base/limits.h"
#include "base/log.h"
#include "delivery/dispatcher.h"

namespace junctor::delivery {

using queue::GateSign;
using queue::LaneGate;

std::vector<Dispatcher::Leased> Dispatcher::leaseBatch() {
  const int64_t now = deps_.clock.monotonicMs();
  starts_at_ms_ = LaneGate::kNever;
  return window_.lease(now, kBatch, [&](const std::string& lane, size_t running) {
    LaneGate& gate = lanes_.gate(lane);
    if (!gate.mayStart(now, running)) {
      starts_at_ms_ = std::min(starts_at_ms_, gate.startsAt(now));
      return false;
    }
    gate.started(now);
    return true;
  });
}

// Work of a shut lane rests in the store; a scan is noted for when the lane opens.
bool Dispatcher::shut(const std::string& lane) {
  return shut(lanes_.gate(lane), deps_.clock.monotonicMs());
}
bool Dispatcher::shut(const LaneGate& gate, int64_t now_ms) {
  if (!gate.shut(now_ms)) return false;
  const int64_t until = gate.shutUntil(now_ms);
  if (until != LaneGate::kNever) window_.noteDue(deps_.clock.unixMs() + until - now_ms);
  return true;
}

void Dispatcher::leave(const std::string& lane, GateSign sign, std::optional<int64_t> wait_ms) {
  const int64_t now = deps_.clock.monotonicMs();
  LaneGate& gate = lanes_.gate(lane);
  const queue::GateState before = gate.state(now);
  gate.ended(sign, now, wait_ms, random_.unit());
  if (!shut(gate, now)) return;
  window_.evict(lane);
  const queue::GateState after = gate.state(now);
  if (after != queue::GateState::Open || before == after) return;
  opened_.add();
  log::warn("delivery", {{"destination", lane}},
            "the receiver fails: its circuit is open for {} ms, deliveries wait",
            gate.shutUntil(now) - now);
}

// Does a lease for that lane find something it may start? Waking the thread for less is waste.
bool Dispatcher::hungry(const std::string& lane) {
  const LaneGate& gate = lanes_.gate(lane);
  return window_.hungry(lane, gate.limit());
}

Result<void> Dispatcher::setPaused(const std::string& tenant, const std::string& destination,
                                   bool paused) {
  const std::string lane = tenant + "/" + destination;
  const Result<void> stored = paused ? deps_.store.putDocument(kPausedKind, lane, "{}")
                                     : deps_.store.removeDocument(kPausedKind, lane);
  if (!stored && (paused || stored.error().code != ErrorCode::NotFound)) return stored;
  std::lock_guard lock(mutex_);
  if (paused) {
    lanes_.pause(lane);
    window_.evict(lane);
  } else {
    lanes_.resume(lane);
    lanes_.gate(lane).forgive();
    window_.noteDue(0);
  }
  log::info("delivery", {{"destination", lane}}, "{}", paused ? "paused" : "resumed");
  ready_.notify_one();
  return {};
}

LaneHealth Dispatcher::healthOf(const std::string& tenant, const std::string& destination) const {
  const std::string lane = tenant + "/" + destination;
  const int64_t now = deps_.clock.monotonicMs();
  std::lock_guard lock(mutex_);
  LaneHealth health;
  health.in_flight = window_.running(lane);
  if (const LaneGate* gate = lanes_.find(lane)) {
    health.state = gate->state(now);
    health.concurrency = gate->limit();
  }
  health.problem = problemOf(lane, health.state);
  return health;
}

std::string Dispatcher::problemOf(const std::string& lane, queue::GateState state) const {
  const auto found = targets_->targets.find(lane);
  if (found == targets_->targets.end()) return "";
  if (disabled_.contains(lane)) return "it answered 410 Gone; apply it again to enable it";
  if (!found->second.unavailable.empty()) return found->second.unavailable;
  if (state == queue::GateState::Paused) return "it is paused";
  if (state == queue::GateState::Open) return "it failed too often; it is tried again soon";
  return "";
}

}  // namespace junctor::delivery
