#pragma once
// Lockdown: what a runner child takes from itself before it loads a connector, and what of it this
// kernel granted.
#include <cstdint>
#include <string>

#include "base/result.h"

namespace junctor::isolation {

struct Lockdown {
  uint32_t landlock_abi = 0;  // 0 = the kernel has none; 4: no TCP; 6: no signals out
  bool seccomp = false;
  bool own_user = false;      // started by root: runs as nobody
  bool memory_limit = false;  // off only in sanitizer builds

  bool full() const { return landlock_abi >= 4 && seccomp && memory_limit; }
  // As much as the operator asks for before a connector's code may run; 0 = whatever there is.
  bool holds(uint32_t landlock_min) const {
    return landlock_min == 0 || (landlock_abi >= landlock_min && seccomp);
  }
  // "seccomp, landlock 7, limits, own user"
  std::string describe() const;
};

// Child only, in this order. Each is for ever.
// Dies with its parent, leaves no core, is not traceable, has limits; root becomes nobody.
// `memory_mib` on top of what the runner and its libraries take.
void limitSelf(bool threads, uint64_t memory_mib, Lockdown& out);
// Files: the system's libraries and `file` may be read, nothing else; no TCP. The first filter of
// system calls: no sockets, no new processes, no signals to others. `threads`: it may make its own.
void lockDown(int file, bool threads, Lockdown& out);
// Once the connector is open: no files and no new code either.
void lockDownOpen(Lockdown& out);

}  // namespace junctor::isolation
