#include "script/pattern.h"

#include <cctype>
#include <cstring>

#include "base/limits.h"

namespace junctor::script {
namespace {

constexpr int kMatchDepthMax = 200;

bool inClass(unsigned char c, unsigned char letter) {
  bool in = false;
  switch (std::tolower(letter)) {
    case 'a':
      in = std::isalpha(c) != 0;
      break;
    case 'c':
      in = std::iscntrl(c) != 0;
      break;
    case 'd':
      in = std::isdigit(c) != 0;
      break;
    case 'g':
      in = std::isgraph(c) != 0;
      break;
    case 'l':
      in = std::islower(c) != 0;
      break;
    case 'p':
      in = std::ispunct(c) != 0;
      break;
    case 's':
      in = std::isspace(c) != 0;
      break;
    case 'u':
      in = std::isupper(c) != 0;
      break;
    case 'w':
      in = std::isalnum(c) != 0;
      break;
    case 'x':
      in = std::isxdigit(c) != 0;
      break;
    default:
      return letter == c;
  }
  return std::isupper(letter) != 0 ? !in : in;
}

}  // namespace

size_t Pattern::fail(Status why, const char* problem) {
  if (status_ == Status::NoMatch) {
    status_ = why;
    problem_ = problem;
  }
  return kNone;
}

bool Pattern::spend(int64_t steps) {
  steps_ += steps;
  if (steps_ <= limits::kRulePatternStepsMax) return true;
  fail(Status::TooManySteps);
  return false;
}

Pattern::Status Pattern::matchAt(size_t start) {
  level_ = 0;
  depth_ = 0;
  status_ = Status::NoMatch;
  const size_t end = match(start, 0);
  if (status_ != Status::NoMatch) return status_;
  if (end == kNone) return Status::NoMatch;
  for (int i = 0; i < level_; ++i) {
    if (captures_[i].size == kOpen) {
      problem_ = "unfinished capture";
      return Status::Malformed;
    }
  }
  end_ = end;
  return Status::Match;
}

// Position after the single-character item at `p`.
size_t Pattern::classEnd(size_t p) {
  const char first = pattern_[p++];
  if (first == '%') {
    if (p >= pattern_.size()) return fail(Status::Malformed, "malformed pattern (ends with '%')");
    return p + 1;
  }
  if (first != '[') return p;
  if (p < pattern_.size() && pattern_[p] == '^') ++p;
  do {  // a first `]` is an element
    if (p >= pattern_.size()) return fail(Status::Malformed, "malformed pattern (missing ']')");
    if (pattern_[p++] == '%') {
      if (p >= pattern_.size()) return fail(Status::Malformed, "malformed pattern (missing ']')");
      ++p;
    }
  } while (p >= pattern_.size() || pattern_[p] != ']');
  return p + 1;
}

// Is `c` in the set that opens at `p` and whose `]` stands at `last`?
bool Pattern::inSet(unsigned char c, size_t p, size_t last) const {
  bool found = true;
  if (pattern_[p + 1] == '^') {
    found = false;
    ++p;
  }
  while (++p < last) {
    const auto item = static_cast<unsigned char>(pattern_[p]);
    if (item == '%') {
      ++p;
      if (inClass(c, static_cast<unsigned char>(pattern_[p]))) return found;
    } else if (p + 2 < last && pattern_[p + 1] == '-') {
      p += 2;
      if (item <= c && c <= static_cast<unsigned char>(pattern_[p])) return found;
    } else if (item == c) {
      return found;
    }
  }
  return !found;
}

bool Pattern::single(size_t s, size_t p, size_t after) {
  if (s >= text_.size()) return false;
  const auto c = static_cast<unsigned char>(text_[s]);
  switch (pattern_[p]) {
    case '.':
      return true;
    case '%':
      return inClass(c, static_cast<unsigned char>(pattern_[p + 1]));
    case '[':
      spend(static_cast<int64_t>((after - p) / 8));
      return inSet(c, p, after - 1);
    default:
      return static_cast<unsigned char>(pattern_[p]) == c;
  }
}

size_t Pattern::match(size_t s, size_t p) {
  if (++depth_ > kMatchDepthMax) return fail(Status::TooDeep);
  const size_t end = matchInner(s, p);
  --depth_;
  return end;
}

// The tail of the pattern is a loop; only choices recurse.
size_t Pattern::matchInner(size_t s, size_t p) {
  while (p < pattern_.size()) {
    if (!spend()) return kNone;
    const char next = p + 1 < pattern_.size() ? pattern_[p + 1] : '\0';
    const char item = pattern_[p];
    if (item == '(') {
      return next == ')' ? startCapture(s, p + 2, kPosition) : startCapture(s, p + 1, kOpen);
    }
    if (item == ')') return endCapture(s, p + 1);
    if (item == '$' && p + 1 == pattern_.size()) return s == text_.size() ? s : kNone;
    if (item == '%' && next == 'b') {
      s = matchBalance(s, p + 2);
      if (s == kNone) return kNone;
      p += 4;
      continue;
    }
    if (item == '%' && next == 'f') {
      size_t set_end = 0;
      if (!frontier(s, p + 2, set_end)) return kNone;
      p = set_end;
      continue;
    }
    if (item == '%' && next >= '0' && next <= '9') {
      s = matchBack(s, p + 1);
      if (s == kNone) return kNone;
      p += 2;
      continue;
    }
    const size_t after = classEnd(p);
    if (after == kNone) return kNone;
    const char suffix = after < pattern_.size() ? pattern_[after] : '\0';
    if (suffix == '*') return maxExpand(s, p, after);
    if (suffix == '-') return minExpand(s, p, after);
    const bool here = single(s, p, after);
    if (suffix == '+') return here ? maxExpand(s + 1, p, after) : kNone;
    if (suffix == '?') {
      if (here) {
        const size_t end = match(s + 1, after + 1);
        if (end != kNone || status_ != Status::NoMatch) return end;
      }
      p = after + 1;
      continue;
    }
    if (!here) return kNone;
    ++s;
    p = after;
  }
  return s;
}

size_t Pattern::maxExpand(size_t s, size_t p, size_t after) {
  size_t count = 0;
  while (single(s + count, p, after)) {
    if (!spend()) return kNone;
    ++count;
  }
  while (true) {
    const size_t end = match(s + count, after + 1);
    if (end != kNone || status_ != Status::NoMatch) return end;
    if (count-- == 0) return kNone;
  }
}

size_t Pattern::minExpand(size_t s, size_t p, size_t after) {
  while (true) {
    const size_t end = match(s, after + 1);
    if (end != kNone || status_ != Status::NoMatch) return end;
    if (!spend() || !single(s, p, after)) return kNone;
    ++s;
  }
}

size_t Pattern::startCapture(size_t s, size_t p, ptrdiff_t kind) {
  if (level_ >= kCapturesMax) return fail(Status::Malformed, "too many captures");
  captures_[level_++] = {s, kind};
  const size_t end = match(s, p);
  if (end == kNone) --level_;
  return end;
}

size_t Pattern::endCapture(size_t s, size_t p) {
  int open = level_ - 1;
  while (open >= 0 && captures_[open].size != kOpen) --open;
  if (open < 0) return fail(Status::Malformed, "invalid pattern capture");
  captures_[open].size = static_cast<ptrdiff_t>(s - captures_[open].start);
  const size_t end = match(s, p);
  if (end == kNone) captures_[open].size = kOpen;
  return end;
}

size_t Pattern::matchBalance(size_t s, size_t p) {
  if (p + 1 >= pattern_.size()) {
    return fail(Status::Malformed, "malformed pattern (missing arguments to '%b')");
  }
  if (s >= text_.size() || text_[s] != pattern_[p]) return kNone;
  int open = 1;
  while (++s < text_.size()) {
    if (!spend()) return kNone;
    if (text_[s] == pattern_[p + 1]) {
      if (--open == 0) return s + 1;
    } else if (text_[s] == pattern_[p]) {
      ++open;
    }
  }
  return kNone;
}

// %f[set]: the border between a character outside and one inside the set.
bool Pattern::frontier(size_t s, size_t p, size_t& set_end) {
  if (p >= pattern_.size() || pattern_[p] != '[') {
    fail(Status::Malformed, "missing '[' after '%f' in pattern");
    return false;
  }
  set_end = classEnd(p);
  if (set_end == kNone) return false;
  const auto before = static_cast<unsigned char>(s == 0 ? '\0' : text_[s - 1]);
  const auto here = static_cast<unsigned char>(s < text_.size() ? text_[s] : '\0');
  return !inSet(before, p, set_end - 1) && inSet(here, p, set_end - 1);
}

size_t Pattern::matchBack(size_t s, size_t p) {
  const int index = pattern_[p] - '1';
  if (index < 0 || index >= level_ || captures_[index].size == kOpen) {
    return fail(Status::Malformed, "invalid capture index in pattern");
  }
  const Capture& capture = captures_[index];
  if (capture.size < 0) return kNone;  // a position has no text
  const auto size = static_cast<size_t>(capture.size);
  if (!spend(static_cast<int64_t>(size / 8)) || text_.size() - s < size) return kNone;
  return std::memcmp(text_.data() + capture.start, text_.data() + s, size) == 0 ? s + size : kNone;
}

}  // namespace junctor::script
