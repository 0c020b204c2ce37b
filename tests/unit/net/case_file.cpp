#include "unit/net/case_file.h"

#include <stdexcept>
#include <string_view>

#include "base/files.h"

namespace junctor::testing {
namespace {

constexpr std::string_view kChunkedHead =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

size_t closingBrace(std::string_view text, size_t open) {
  int depth = 0;
  for (size_t at = open; at < text.size(); ++at) {
    if (text[at] == '{') ++depth;
    if (text[at] == '}' && --depth == 0) return at;
  }
  throw std::runtime_error("unbalanced braces in a case");
}

std::string unescape(std::string_view text);

std::string expandBraces(std::string_view inner) {
  if (inner == "CH") return std::string(kChunkedHead);
  const size_t star = inner.find('*');
  const std::string unit = unescape(inner.substr(star + 1));
  std::string out;
  for (int i = std::stoi(std::string(inner.substr(0, star))); i > 0; --i) out += unit;
  return out;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '{') {
      const size_t close = closingBrace(text, at);
      out += expandBraces(text.substr(at + 1, close - at - 1));
      at = close;
    } else if (text[at] == '\\') {
      switch (text[++at]) {
        case 'r':
          out += '\r';
          break;
        case 'n':
          out += '\n';
          break;
        case 't':
          out += '\t';
          break;
        case '0':
          out += '\0';
          break;
        case 'x':
          out += static_cast<char>(std::stoi(std::string(text.substr(at + 1, 2)), nullptr, 16));
          at += 2;
          break;
        default:
          out += text[at];
      }
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace

std::vector<HttpCase> readHttpCases(const std::string& file) {
  const auto content = readFile(std::string(JUNCTOR_TEST_DATA) + "/http/" + file);
  if (!content) throw std::runtime_error(describe(content.error()));
  std::vector<HttpCase> cases;
  std::string_view rest = *content;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    const size_t first = line.find(" | ");
    const size_t second = line.find(" | ", first + 3);
    if (second == line.npos) throw std::runtime_error("a case has three columns");
    cases.push_back({unescape(line.substr(0, first)),
                     std::string(line.substr(first + 3, second - first - 3)),
                     unescape(line.substr(second + 3))});
  }
  return cases;
}

}  // namespace junctor::testing
