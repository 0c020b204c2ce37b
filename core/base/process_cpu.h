#pragma once
#include <cstdint>

namespace junctor {

// Processor time that a process has used, in nanoseconds; -1: cannot be told. Only of a child that
// has not been reaped: else the number may be another's.
int64_t processCpuNs(int pid);

}  // namespace junctor
