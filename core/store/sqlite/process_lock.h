#pragma once
// ProcessLock: one process at a time writes a store. An flock on a file beside it, which holds the
// owner's process id for people and messages; the kernel releases it however the owner ends.
#include <string>

#include "base/result.h"

namespace junctor::store {

class ProcessLock {
 public:
  // Unavailable, naming the owner, if another process (or another store here) holds it.
  static Result<ProcessLock> take(const std::string& path);
  ~ProcessLock();
  ProcessLock(ProcessLock&& other) noexcept;
  ProcessLock& operator=(ProcessLock&&) = delete;

 private:
  explicit ProcessLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace junctor::store
