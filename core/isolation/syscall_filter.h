#pragma once
// The system calls a runner child keeps. Whatever is not on the list fails with EPERM: a connector
// that tries gets an error, and goes on or not, as it likes.

namespace junctor::isolation {

// Before the connector is loaded: enough for dlopen. False: this kernel has no seccomp.
bool filterSyscalls(bool threads);
// After it was opened: takes away opening files and new executable memory.
bool filterSyscallsOpen();

}  // namespace junctor::isolation
