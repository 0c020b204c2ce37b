#include "base/time_text.h"

#include <chrono>

namespace junctor {
namespace {

// Reads a fixed form from the left; any mismatch makes it fail for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool ok() const { return ok_; }
  bool atEnd() const { return text_.empty(); }
  char peek() const { return text_.empty() ? '\0' : text_.front(); }
  void skip() { text_.remove_prefix(1); }

  int digits(int count) {
    int value = 0;
    for (int i = 0; i < count; ++i) {
      if (peek() < '0' || peek() > '9') return fail();
      value = value * 10 + (peek() - '0');
      skip();
    }
    return value;
  }
  void expect(std::string_view any_of) {
    if (any_of.find(peek()) == std::string_view::npos || atEnd()) {
      fail();
    } else {
      skip();
    }
  }
  int64_t fractionMs() {
    if (peek() != '.' && peek() != ',') return 0;
    skip();
    int64_t ms = 0, unit = 100;
    if (peek() < '0' || peek() > '9') return fail();
    for (; peek() >= '0' && peek() <= '9'; skip(), unit /= 10) ms += unit * (peek() - '0');
    return ms;
  }
  int64_t offsetMinutes() {
    if (atEnd()) return 0;
    if (peek() == 'Z' || peek() == 'z') {
      skip();
      return 0;
    }
    const int sign = peek() == '-' ? -1 : 1;
    expect("+-");
    const int hours = digits(2);
    if (peek() == ':') skip();
    const int minutes = digits(2);
    if (hours > 23 || minutes > 59) return fail();
    return sign * (hours * 60 + minutes);
  }

 private:
  int fail() {
    ok_ = false;
    text_ = {};
    return 0;
  }
  std::string_view text_;
  bool ok_ = true;
};

}  // namespace

std::optional<int64_t> parseTimeText(std::string_view text) {
  namespace chrono = std::chrono;
  Reader in(text);
  const int year = in.digits(4);
  in.expect("-");
  const auto month = static_cast<unsigned>(in.digits(2));
  in.expect("-");
  const auto day = static_cast<unsigned>(in.digits(2));
  in.expect("Tt ");
  const int hour = in.digits(2);
  in.expect(":");
  const int minute = in.digits(2);
  in.expect(":");
  const int second = in.digits(2);
  const int64_t ms = in.fractionMs();
  if (in.peek() == ' ') in.skip();
  const int64_t offset = in.offsetMinutes();
  const chrono::year_month_day date{chrono::year(year), chrono::month(month), chrono::day(day)};
  if (!in.ok() || !in.atEnd() || !date.ok() || hour > 23 || minute > 59 || second > 60) {
    return std::nullopt;
  }
  const int64_t days = chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + hour) * 60 + minute - offset) * 60'000 + second * 1'000 + ms;
}

}  // namespace junctor
