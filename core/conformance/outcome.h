#pragma once
// Outcome: what one check found.
#include <string>
#include <utility>

#include "conformance/conformance.h"

namespace junctor::conformance {

struct Outcome {
  Verdict verdict = Verdict::Pass;
  std::string message;

  bool passed() const { return verdict == Verdict::Pass; }
};
inline Outcome pass(std::string remark = "") {
  return {Verdict::Pass, std::move(remark)};
}
inline Outcome fail(std::string why) {
  return {Verdict::Fail, std::move(why)};
}
inline Outcome skip(std::string why) {
  return {Verdict::Skip, std::move(why)};
}

}  // namespace junctor::conformance
