#pragma once
// Step: one remembered effect of a durable flow. A flow's function runs from its start whenever it
// is resumed; what a finished step answered is not asked for again.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace junctor {

enum class StepState : int {
  Open = 0,     // it failed and is tried again at due_at_ms
  Waiting = 1,  // a sleep or wait, until due_at_ms
  Done = 2,     // result_json holds its answer
  Failed = 3,   // given up: the flow goes on without an answer
};
std::string_view toString(StepState state);
// Done or Failed: what it says never changes again.
bool isFinished(StepState state);

struct Step {
  std::string key;     // its place in the flow: "3", or "3.mood.1" inside the third step, an `all`
  std::string kind;    // call act llm sleep wait emit get set
  std::string target;  // what it went to, for people: a destination, "zendesk/ticket.update"
  std::string digest;  // SHA-256 hex of kind, target and arguments
  StepState state = StepState::Open;
  int tries = 0;
  int64_t started_at_ms = 0;  // of the first try
  int64_t ended_at_ms = 0;    // 0 = not finished
  int64_t due_at_ms = 0;
  std::string result_json;  // the answer; of a waiting `wait`: what it waits for
  std::string error;        // of the last try; "" = none
};

// The `destination` of a flow's deliveries is "flow:NAME", which is no name of a destination.
inline constexpr std::string_view kFlowPrefix = "flow:";
inline bool isFlow(std::string_view destination) {
  return destination.starts_with(kFlowPrefix);
}

// A `wait` of an open delivery.
struct WaitingStep {
  DeliveryId delivery_id;
  std::string tenant;
  Step step;
};

}  // namespace junctor
