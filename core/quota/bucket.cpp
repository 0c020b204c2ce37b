#include "quota/bucket.h"

#include <algorithm>
#include <cmath>

namespace junctor::quota {

Bucket::Bucket(const RateLimit& rate) {
  if (rate.count == 0) return;
  const double per_second = static_cast<double>(rate.count) / static_cast<double>(rate.per.count());
  per_ms_ = per_second / 1'000;
  burst_ = tokens_ = std::max(1.0, per_second);
}

int64_t Bucket::take(int64_t now_ms) {
  if (per_ms_ == 0) return 0;
  if (at_ms_ != 0) {
    const auto passed = static_cast<double>(std::max<int64_t>(0, now_ms - at_ms_));
    tokens_ = std::min(burst_, tokens_ + passed * per_ms_);
  }
  at_ms_ = now_ms;
  if (tokens_ < 1) {
    return std::max<int64_t>(1, std::llround(std::ceil((1 - tokens_) / per_ms_)));
  }
  tokens_ -= 1;
  return 0;
}

void Bucket::giveBack() {
  if (per_ms_ > 0) tokens_ = std::min(burst_, tokens_ + 1);
}

}  // namespace junctor::quota
