#pragma once
// Runs one piece of work in a child process and brings back what it said, however it ended.
#include <functional>
#include <string>

#include "base/result.h"
#include "conformance/outcome.h"

namespace junctor::conformance {

struct ChildPlan {
  int timeout_s = 20;
  bool filter = true;  // false: the work installs its own
};
struct ChildEnd {
  Outcome outcome;
  bool timed_out = false;
  bool crashed = false;  // died, or ended without an answer
  int64_t wall_ms = 0;
};

// Forks. The child has its output in a file of its own (descriptor 1 and 2), no input, and the
// limits of confine.h; it cannot outlive the plan's time. Internal: the system refused a child.
Result<ChildEnd> runInChild(const ChildPlan& plan, const std::function<Outcome()>& work);

// Bytes this child has written to stdout and stderr.
size_t outputBytes();
std::string outputStart(size_t bytes_max);

// Is this process still one thread? Only then may it fork.
bool singleThreaded();

}  // namespace junctor::conformance
