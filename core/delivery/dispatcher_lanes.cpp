// What a destination gets: which lanes may start, what an ending attempt says about its receiver,
// and what a person decides.
#include <algorithm>

#include "base/json_doc.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "base/log.h"
#include "delivery/dispatcher.h"

namespace junctor::delivery {

using queue::GateSign;
using queue::LaneGate;

std::vector<Dispatcher::Leased> Dispatcher::leaseBatch() {
  const int64_t now = deps_.clock.monotonicMs();
  starts_at_ms_ = LaneGate::kNever;
  records_awaited_ = false;
  return window_.lease(now, kBatch, [&](const queue::FairTurns::Lane& lane) {
    LaneGate& gate = lanes_.gate(lane.name);
    if (!gate.mayStart(now, lane.running + callsOf(lane.name), lane.unrecorded)) {
      records_awaited_ |= lane.unrecorded > 0;
      starts_at_ms_ = std::min(starts_at_ms_, gate.startsAt(now));
      return false;
    }
    if (parked(lane.name)) return false;
    gate.started(now);
    if (deps_.quotas) deps_.quotas->addDelivery(lane.name.substr(0, lane.name.find('/')));
    return true;
  });
}

// Work of a shut lane rests in the store; a scan is noted for when the lane opens.
bool Dispatcher::shut(const std::string& lane) {
  return parked(lane) || shut(lanes_.gate(lane), deps_.clock.monotonicMs());
}
// Its tenant is at a cap: until the hour is over.
bool Dispatcher::parked(const std::string& lane) {
  if (!deps_.quotas) return false;
  const int64_t until = deps_.quotas->parkedUntil(lane.substr(0, lane.find('/')));
  if (until > 0) window_.noteDue(until);
  return until > 0;
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

size_t Dispatcher::callsOf(const std::string& lane) const {
  const auto found = calls_.find(lane);
  return found == calls_.end() ? 0 : found->second;
}

std::optional<CallWait> Dispatcher::beginCall(const std::string& tenant,
                                              const std::string& destination) {
  constexpr int64_t kCallWaitMinMs = 50, kCallLookMs = 30'000, kCallTurnMs = 250;
  const std::string lane = tenant + "/" + destination;
  std::lock_guard lock(mutex_);
  const int64_t now = deps_.clock.monotonicMs();
  LaneGate& gate = lanes_.gate(lane);
  if (const std::string problem = problemOf(lane, gate.state(now)); !problem.empty()) {
    const bool probes = gate.mayStart(now, window_.running(lane) + callsOf(lane), 0);
    const int64_t at = gate.startsAt(now);
    if (disabled_.contains(lane) || gate.state(now) == queue::GateState::Paused || !probes) {
      const int64_t wait = at == LaneGate::kNever ? kCallLookMs : at - now;
      return CallWait{destination + ": " + problem, std::clamp(wait, kCallWaitMinMs, kCallLookMs),
                      true};
    }
  }
  if (deps_.quotas) {
    const int64_t until = deps_.quotas->parkedUntil(tenant);
    if (until > 0) {
      const int64_t wait = std::max(until - deps_.clock.unixMs(), kCallWaitMinMs);
      return CallWait{"the tenant's deliveries wait until its hour is over", wait, true};
    }
  }
  if (!gate.mayStart(now, window_.running(lane) + callsOf(lane), 0)) {
    const int64_t at = gate.startsAt(now);
    const int64_t wait = at == LaneGate::kNever ? kCallTurnMs : at - now;
    return CallWait{destination + ": it gets no more at once, or a second, than it may",
                    std::max(wait, kCallWaitMinMs), false};
  }
  gate.started(now);
  ++calls_[lane];
  if (deps_.quotas) deps_.quotas->addDelivery(tenant);
  return std::nullopt;
}

void Dispatcher::endCall(const std::string& tenant, const std::string& destination, GateSign sign,
                         std::optional<int64_t> wait_ms) {
  const std::string lane = tenant + "/" + destination;
  std::lock_guard lock(mutex_);
  if (const auto found = calls_.find(lane); found != calls_.end() && --found->second == 0) {
    calls_.erase(found);
  }
  leave(lane, sign, wait_ms);
  if (hungry(lane)) ready_.notify_one();
}

// With the mutex held. What the outcome begins or ends for its destination.
std::optional<Trouble> Dispatcher::noteTrouble(const Delivery& delivery,
                                               const store::AttemptRecord& record) {
  if (isFlow(delivery.destination)) return std::nullopt;  // no receiver that could be back
  const std::string lane = laneOf(delivery);
  LaneGate& gate = lanes_.gate(lane);
  const int64_t now = deps_.clock.monotonicMs();
  const bool sent = record.attempt.outcome != AttemptOutcome::Internal;  // else it is our trouble
  Trouble trouble{.tenant = delivery.tenant, .destination = delivery.destination};
  if (record.state == DeliveryState::Dead && sent && gate.died(now, random_.unit())) {
    trouble.since_ms = deps_.clock.unixMs();
    trouble.reason = record.reason;
    lanes_.fail(lane, {trouble.since_ms, record.reason}, now);
    unsaved_errors_.insert(lane);
    errors_.add();
    if (shut(gate, now)) window_.evict(lane);
    log::warn("delivery", {{"destination", lane}},
              "{} deliveries in a row were given up: the destination is in error, others wait",
              gate.options().deads_to_error);
    return trouble;
  }
  const LaneError* error = lanes_.errorOf(lane);
  if (!error || gate.inError()) return std::nullopt;
  trouble.since_ms = error->since_ms;
  trouble.reason = error->reason;
  trouble.over = true;
  lanes_.recover(lane);
  unsaved_errors_.insert(lane);
  window_.noteDue(0);
  log::info("delivery", {{"destination", lane}}, "took a delivery again: no longer in error");
  return trouble;
}

// What persons and receivers decided before the restart.
void Dispatcher::loadLanes() {
  const auto read = [this](const char* kind, const auto& take) {
    const auto stored = deps_.store.documents(kind);
    if (!stored) return log::error("delivery", {}, "{}: {}", kind, stored.error().message);
    for (const auto& [lane, json] : *stored) take(lane, json);
  };
  read(kDisabledKind,
       [this](const std::string& lane, const std::string&) { disabled_.insert(lane); });
  read(kPausedKind, [this](const std::string& lane, const std::string&) { lanes_.pause(lane); });
  read(kErrorKind, [this](const std::string& lane, const std::string& json) {
    JsonDoc document;
    const auto parsed = document.parse(json);
    LaneError error;
    if (parsed) {
      error.since_ms = parsed->find("since").asInt().value_or(0);
      error.reason = parsed->find("reason").asString();
    }
    lanes_.fail(lane, std::move(error), deps_.clock.monotonicMs());
  });
}

// On the dispatcher's thread: who notices an error must not wait for the store.
void Dispatcher::saveErrors() {
  std::map<std::string, std::optional<LaneError>> changed;
  {
    std::lock_guard lock(mutex_);
    for (const std::string& lane : unsaved_errors_) {
      const LaneError* error = lanes_.errorOf(lane);
      changed[lane] = error ? std::optional(*error) : std::nullopt;
    }
    unsaved_errors_.clear();
  }
  for (const auto& [lane, error] : changed) {
    JsonWriter json;
    json.beginObject().key("since").integer(error ? error->since_ms : 0);
    json.key("reason").string(error ? error->reason : "").endObject();
    const auto saved = error ? deps_.store.putDocument(kErrorKind, lane, json.text())
                             : deps_.store.removeDocument(kErrorKind, lane);
    if (saved || saved.error().code == ErrorCode::NotFound) continue;
    log::error("delivery", {{"destination", lane}}, "{}", saved.error().message);
  }
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
    if (lanes_.errorOf(lane)) unsaved_errors_.insert(lane);
    lanes_.recover(lane);
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
  if (const LaneError* error = lanes_.errorOf(lane)) {
    return "in error since " + formatRfc3339(error->since_ms) +
           ", tried from time to time: " + error->reason;
  }
  if (state == queue::GateState::Open) return "it failed too often; it is tried again soon";
  return "";
}

}  // namespace junctor::delivery
