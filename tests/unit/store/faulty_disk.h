#pragma once
// FaultyDisk: while it lives, SQLite's files stand on a disk that fails when told to.
#include <atomic>

namespace junctor::testing {

class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();

  // The n-th fsync from now fails once (1 = the next).
  void failSync(int n);
  // Every write fails for want of space while `full`.
  void setFull(bool full);
  static int syncs();  // so far, successful or not
};

}  // namespace junctor::testing
