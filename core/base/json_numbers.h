#pragma once
// Number literals in a JSON text: where they are, and which of them neither 64 bits nor a double
// hold exactly.
#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace junctor {

// End of the JSON number that starts at `i`, or `i` if there is none.
size_t jsonNumberEnd(std::string_view text, size_t i);
// Would the number come out as it went in?
bool keptExactly(std::string_view literal);
// Quotes the number literals that are not kept exactly; all else stays as it is.
std::string quoteOversizedNumbers(std::string_view text);

// Calls `number` with each number literal, `other` with everything between.
template <class Number, class Other>
void eachJsonNumber(std::string_view text, Number&& number, Other&& other) {
  bool in_string = false;
  size_t from = 0;
  for (size_t i = 0; i < text.size();) {
    if (in_string) {
      const size_t step = text[i] == '\\' && i + 1 < text.size() ? 2 : 1;
      if (text[i] == '"') in_string = false;
      i += step;
      continue;
    }
    const size_t end = text[i] == '-' || isDigit(text[i]) ? jsonNumberEnd(text, i) : i;
    if (end == i) {
      if (text[i++] == '"') in_string = true;
      continue;
    }
    other(text.substr(from, i - from));
    number(text.substr(i, end - i));
    from = i = end;
  }
  other(text.substr(from));
}

}  // namespace junctor
