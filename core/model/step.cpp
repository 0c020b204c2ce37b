#include "model/step.h"

#include <array>

namespace junctor {

std::string_view toString(StepState state) {
  constexpr std::array<std::string_view, 4> kStates = {"open", "waiting", "done", "failed"};
  return kStates[static_cast<size_t>(state)];
}

bool isFinished(StepState state) {
  return state == StepState::Done || state == StepState::Failed;
}

}  // namespace junctor
