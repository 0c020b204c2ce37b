#pragma once
// Mutator: changes texts at random, the same way for the same seed.
#include <string>
#include <string_view>

#include "base/random.h"

namespace junctor::conformance {

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}
  // A changed copy: bits, bytes, cuts, doublings, numbers, nesting, words that JSON knows.
  std::string change(std::string_view text);
  std::string noise(size_t bytes);
  size_t below(size_t bound) { return bound ? static_cast<size_t>(random_.next() % bound) : 0; }

 private:
  void once(std::string& text);
  SeededRandom random_;
};

}  // namespace junctor::conformance
