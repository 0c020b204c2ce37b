#pragma once
// The limits of a checking child: resources, and a filter that reports forbidden system calls.
#include <cstdint>

namespace junctor::conformance {

constexpr int kExitCrashed = 57;  // of a child whose crash handler has reported

// Memory, files, file size, processor time, no core file. Not under sanitizers, which need more.
void limitResources(int cpu_seconds);

enum class Filter {
  Calls,  // no processes, programs, sockets, signals to others, changes of the process as a whole
  Load,   // also no threads, no output, no files for writing, no handlers, no timers
};
// SIGSYS, which installCrashHandlers() reports, for what is not allowed. For this thread and those
// it makes. Does nothing under sanitizers. False: the kernel has no seccomp.
bool filterCalls(Filter filter);

// "socket"; "number 999" is not known and gives "?".
const char* callName(int number);

}  // namespace junctor::conformance
