#pragma once
// Bucket: a token bucket. Pure: the owner passes `now` (monotonic milliseconds) and serializes
// calls. It holds one second's worth, at least one.
#include <cstdint>

#include "model/catalog.h"

namespace junctor::quota {

class Bucket {
 public:
  Bucket() = default;
  explicit Bucket(const RateLimit& rate);

  // Takes a token; else how many milliseconds until there is one.
  int64_t take(int64_t now_ms);  // 0 = taken
  void giveBack();               // what was taken is not used after all

 private:
  double per_ms_ = 0;  // 0 = no limit
  double burst_ = 1;
  double tokens_ = 0;
  int64_t at_ms_ = 0;
};

}  // namespace junctor::quota
