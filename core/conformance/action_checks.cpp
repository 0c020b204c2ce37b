// A: actions, hooks, fields, poll and auth, against recorded HTTP.
#include "conformance/check_table.h"

namespace junctor::conformance {

std::span<const Check> actionChecks() {
  return {};
}

}  // namespace junctor::conformance
