#pragma once
// Lanes: the gate of every destination (queue/lane_gate.h), and which of them a person paused. Not
// synchronized: the dispatcher calls it under its mutex. Times are monotonic milliseconds.
#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "delivery/target.h"
#include "queue/lane_gate.h"

namespace junctor::delivery {

// What a person wants to know about a destination.
struct LaneHealth {
  std::string problem;  // why its deliveries wait, in words; "" = they do not
  queue::GateState state = queue::GateState::Flowing;
  size_t in_flight = 0;    // being sent now
  size_t concurrency = 0;  // deliveries at once that it gets now
};

// Too many deliveries in a row were given up.
struct LaneError {
  int64_t since_ms = 0;
  std::string reason;  // of the last one given up
};

class Lanes {
 public:
  // Limits as the destinations say; all breakers close and waits end, and destinations in error are
  // tried at once. Errors of destinations that are gone are forgotten.
  void adopt(const TargetTable& targets, int64_t now_ms);
  // A lane without a destination has the default limits: its deliveries are parked when leased.
  queue::LaneGate& gate(const std::string& lane);
  const queue::LaneGate* find(const std::string& lane) const;

  void pause(const std::string& lane);
  void resume(const std::string& lane);
  const std::set<std::string>& paused() const { return paused_; }
  // Its gate is in error already, or is told now that it was before.
  void fail(const std::string& lane, LaneError error, int64_t now_ms);
  void recover(const std::string& lane) { errors_.erase(lane); }
  const LaneError* errorOf(const std::string& lane) const;
  size_t errors() const { return errors_.size(); }

 private:
  std::unordered_map<std::string, queue::LaneGate> gates_;
  std::set<std::string> paused_;
  std::map<std::string, LaneError> errors_;
};

}  // namespace junctor::delivery
