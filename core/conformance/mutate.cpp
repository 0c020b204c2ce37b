#include "conformance/mutate.h"

#include <algorithm>

namespace junctor::conformance {
namespace {

constexpr size_t kBytesMax = 1024 * 1024;
constexpr std::string_view kWords[] = {"null",
                                       "true",
                                       "[]",
                                       "{}",
                                       "\"\"",
                                       "-0",
                                       "1e999",
                                       "[[[[[[[[",
                                       "18446744073709551616",
                                       "\"\\u0000\"",
                                       "\"\\ud800\"",
                                       ",",
                                       ":",
                                       "}",
                                       "]",
                                       "%",
                                       "%zz",
                                       "&&==",
                                       "\xff\xfe",
                                       "-1",
                                       "\"\\n\"",
                                       "0.1",
                                       "9223372036854775808"};

}  // namespace

std::string Mutator::change(std::string_view text) {
  std::string out(text);
  const size_t times = 1 + below(4);
  for (size_t i = 0; i < times; ++i) once(out);
  if (out.size() > kBytesMax) out.resize(kBytesMax);
  return out;
}

std::string Mutator::noise(size_t bytes) {
  std::string out(bytes, '\0');
  for (char& c : out) c = static_cast<char>(random_.next());
  return out;
}

void Mutator::once(std::string& text) {
  const size_t at = below(text.size() + 1);
  const size_t length = std::min(below(32) + 1, text.size() - at);
  switch (below(8)) {
    case 0:
      if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
      return;
    case 1:
      if (at < text.size()) text[at] = static_cast<char>(random_.next());
      return;
    case 2:
      text.erase(at, length);
      return;
    case 3:
      text.insert(at, text.substr(at, length));
      return;
    case 4:
      text.resize(at);
      return;
    case 5: {  // a value becomes another
      const std::string_view word = kWords[below(std::size(kWords))];
      const size_t start = std::min(text.find_first_of(":,[", at), text.size());
      const size_t end = std::min(text.find_first_of(",}]", start + 1), text.size());
      if (start < text.size()) text.replace(start + 1, end - start - 1, word);
      return;
    }
    case 6:
      text.insert(at, kWords[below(std::size(kWords))]);
      return;
    default:
      text.insert(at, noise(below(16) + 1));
  }
}

}  // namespace junctor::conformance
