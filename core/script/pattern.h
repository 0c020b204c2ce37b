#pragma once
// Pattern: Lua's patterns (reference manual §6.4.1) matched with a budget of steps and a bounded
// depth, neither of which the stock matcher has. Knows nothing of the VM.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace junctor::script {

class Pattern {
 public:
  static constexpr int kCapturesMax = 32;
  enum class Status : uint8_t { Match, NoMatch, Malformed, TooDeep, TooManySteps };
  struct Capture {
    size_t start = 0;
    ptrdiff_t size = 0;  // kPosition: a position capture, "()"
  };
  static constexpr ptrdiff_t kPosition = -2;

  // `pattern` without its anchor. Both texts must outlive the Pattern.
  Pattern(std::string_view text, std::string_view pattern) : text_(text), pattern_(pattern) {}

  // Tries at exactly `start`. After Match: end() and the captures.
  Status matchAt(size_t start);
  size_t end() const { return end_; }
  int captures() const { return level_; }
  const Capture& capture(int i) const { return captures_[i]; }
  const char* problem() const { return problem_; }  // of Malformed
  int64_t steps() const { return steps_; }          // since construction

  static bool plain(std::string_view pattern) {
    return pattern.find_first_of("^$*+?.([%-") == pattern.npos;
  }

 private:
  static constexpr ptrdiff_t kOpen = -1;
  static constexpr size_t kNone = static_cast<size_t>(-1);

  size_t match(size_t s, size_t p);
  size_t matchInner(size_t s, size_t p);
  size_t startCapture(size_t s, size_t p, ptrdiff_t kind);
  size_t endCapture(size_t s, size_t p);
  size_t matchBalance(size_t s, size_t p);
  bool frontier(size_t s, size_t p, size_t& set_end);
  size_t matchBack(size_t s, size_t p);
  size_t maxExpand(size_t s, size_t p, size_t after);
  size_t minExpand(size_t s, size_t p, size_t after);
  bool single(size_t s, size_t p, size_t after);
  bool inSet(unsigned char c, size_t p, size_t last) const;
  size_t classEnd(size_t p);
  size_t fail(Status why, const char* problem = "");
  bool spend(int64_t steps = 1);

  std::string_view text_;
  std::string_view pattern_;
  Capture captures_[kCapturesMax];
  int level_ = 0;
  int depth_ = 0;
  int64_t steps_ = 0;
  size_t end_ = 0;
  Status status_ = Status::NoMatch;
  const char* problem_ = "";
};

}  // namespace junctor::script
