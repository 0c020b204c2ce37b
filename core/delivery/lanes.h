#pragma once
// Lanes: the gate of every destination (queue/lane_gate.h), and which of them a person paused. Not
// synchronized: the dispatcher calls it under its mutex. Times are monotonic milliseconds.
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

class Lanes {
 public:
  // Limits as the destinations say; all breakers close and waits end.
  void adopt(const TargetTable& targets);
  // A lane without a destination has the default limits: its deliveries are parked when leased.
  queue::LaneGate& gate(const std::string& lane);
  const queue::LaneGate* find(const std::string& lane) const;

  void pause(const std::string& lane);
  void resume(const std::string& lane);
  const std::set<std::string>& paused() const { return paused_; }

 private:
  std::unordered_map<std::string, queue::LaneGate> gates_;
  std::set<std::string> paused_;
};

}  // namespace junctor::delivery
