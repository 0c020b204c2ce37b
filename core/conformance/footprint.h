#pragma once
// Footprint: what a library may have changed in the process around it.
#include <map>
#include <set>
#include <string>

namespace junctor::conformance {

class Footprint {
 public:
  static Footprint take();
  // "2 threads instead of 1, the umask"; "" = the same.
  std::string differenceFrom(const Footprint& before) const;

 private:
  size_t threads_ = 0;
  std::set<std::string> descriptors_;
  std::map<int, std::string> handlers_;  // per signal: handler and flags
  std::string mask_, locale_, folder_, umask_;
  std::map<std::string, std::string> environment_;
  int rounding_ = 0;
};

// Resident memory of this process that it shares with nobody.
int64_t residentKiB();

}  // namespace junctor::conformance
