#pragma once
// Random: the only source of chance. Tests pass a seeded one; keys come from crypto, not from here.
#include <cstdint>

namespace junctor {

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t next() = 0;

  // Uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
};

// xoshiro256** over a given seed: the same seed gives the same sequence. Not thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed);
  uint64_t next() override;

 private:
  uint64_t state_[4];
};

// 64 bits of entropy from the kernel, to seed with.
uint64_t entropy();

}  // namespace junctor
