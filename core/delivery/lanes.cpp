#include "delivery/lanes.h"

#include "base/limits.h"

namespace junctor::delivery {
namespace {

queue::GateOptions defaultOptions() {
  queue::GateOptions options;
  options.running_max = limits::kInFlightPerDestination;
  options.unrecorded_factor = limits::kUnrecordedFactor;
  options.failures_to_open = limits::kBreakerFailures;
  options.open_first_ms = limits::kBreakerOpenFirstMs;
  options.open_max_ms = limits::kBreakerOpenMaxMs;
  options.probe_max_ms = limits::kDeliveryLeaseMs;
  options.deads_to_error = limits::kDeadInARow;
  options.error_first_ms = limits::kErrorProbeFirstMs;
  options.error_max_ms = limits::kErrorProbeMaxMs;
  return options;
}

queue::GateOptions optionsOf(const Destination& destination) {
  queue::GateOptions options = defaultOptions();
  if (destination.concurrency > 0) options.running_max = destination.concurrency;
  if (destination.rate.count > 0) {
    options.rate_per_second = static_cast<double>(destination.rate.count) /
                              static_cast<double>(destination.rate.per.count());
  }
  return options;
}

}  // namespace

void Lanes::adopt(const TargetTable& targets, int64_t now_ms) {
  gates_.clear();
  for (const auto& [lane, target] : targets.targets) {
    gates_.emplace(lane, queue::LaneGate(optionsOf(*target.destination)));
  }
  for (const std::string& lane : paused_) gate(lane).pause();
  std::erase_if(errors_, [&](const auto& one) { return !targets.targets.contains(one.first); });
  for (const auto& [lane, error] : errors_) gate(lane).suspend(now_ms);
}

void Lanes::fail(const std::string& lane, LaneError error, int64_t now_ms) {
  errors_[lane] = std::move(error);
  queue::LaneGate& of = gate(lane);
  if (!of.inError()) of.suspend(now_ms);
}

const LaneError* Lanes::errorOf(const std::string& lane) const {
  const auto found = errors_.find(lane);
  return found == errors_.end() ? nullptr : &found->second;
}

queue::LaneGate& Lanes::gate(const std::string& lane) {
  return gates_.try_emplace(lane, defaultOptions()).first->second;
}

const queue::LaneGate* Lanes::find(const std::string& lane) const {
  const auto found = gates_.find(lane);
  return found == gates_.end() ? nullptr : &found->second;
}

void Lanes::pause(const std::string& lane) {
  paused_.insert(lane);
  gate(lane).pause();
}

void Lanes::resume(const std::string& lane) {
  paused_.erase(lane);
  gate(lane).resume();
}

}  // namespace junctor::delivery
