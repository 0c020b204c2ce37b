#include "base/json_numbers.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <cstdint>

namespace junctor {
namespace {

constexpr size_t kAlwaysFits = 15;  // digits of any decimal that a double holds

// A number's digits without what does not change its value, and the power of ten behind them.
struct Decimal {
  bool negative = false;
  std::string digits;
  int64_t exponent = 0;
  bool operator==(const Decimal&) const = default;
};

Decimal decimalOf(std::string_view literal) {
  Decimal out;
  size_t i = 0;
  if (literal[i] == '-') out.negative = ++i > 0;
  bool fraction = false;
  for (; i < literal.size() && literal[i] != 'e' && literal[i] != 'E'; ++i) {
    if (literal[i] == '.') {
      fraction = true;
      continue;
    }
    out.digits.push_back(literal[i]);
    if (fraction) --out.exponent;
  }
  if (i < literal.size()) {
    int64_t power = 0;
    const char* first = literal.data() + i + (literal[i + 1] == '+' ? 2 : 1);
    std::from_chars(first, literal.data() + literal.size(), power);
    out.exponent += power;
  }
  out.digits.erase(0, out.digits.find_first_not_of('0'));
  while (!out.digits.empty() && out.digits.back() == '0') {
    out.digits.pop_back();
    ++out.exponent;
  }
  if (out.digits.empty()) out.exponent = 0;
  return out;
}

template <class T>
bool holds(std::string_view literal) {
  T value{};
  const auto [end, code] = std::from_chars(literal.data(), literal.data() + literal.size(), value);
  return code == std::errc() && end == literal.data() + literal.size();
}

}  // namespace

size_t jsonNumberEnd(std::string_view text, size_t i) {
  const size_t start = i;
  const auto digits = [&] {
    const size_t first = i;
    while (i < text.size() && isDigit(text[i])) ++i;
    return i > first;
  };
  if (i < text.size() && text[i] == '-') ++i;
  const bool zero = i < text.size() && text[i] == '0';
  if (zero) {
    ++i;
  } else if (!digits()) {
    return start;
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digits()) return start;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return start;
  }
  return i;
}

bool keptExactly(std::string_view literal) {
  const bool decimal = literal.find_first_of(".eE") != literal.npos;
  if (!decimal)
    return literal.size() <= kAlwaysFits || holds<int64_t>(literal) || holds<uint64_t>(literal);
  if (literal.size() <= kAlwaysFits && literal.find_first_of("eE") == literal.npos) return true;
  double value = 0;
  const auto [end, code] = std::from_chars(literal.data(), literal.data() + literal.size(), value);
  if (code != std::errc() || end != literal.data() + literal.size() || !std::isfinite(value)) {
    return false;
  }
  return decimalOf(fmt::format("{}", value)) == decimalOf(literal);
}

std::string quoteOversizedNumbers(std::string_view text) {
  std::string out;
  eachJsonNumber(
      text,
      [&out](std::string_view literal) {
        const bool quote = !keptExactly(literal);
        if (quote) out.push_back('"');
        out.append(literal);
        if (quote) out.push_back('"');
      },
      [&out](std::string_view between) { out.append(between); });
  return out;
}

}  // namespace junctor
