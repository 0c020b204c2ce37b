#pragma once
// Reads tests/cases/script/*.txt: "--- name", "> expectation", then the lines of the case.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/files.h"

namespace junctor::script {

struct Case {
  std::string name;
  std::string expected;
  std::vector<std::string> lines;

  std::string text() const {
    std::string all;
    for (const std::string& line : lines) all += line + "\n";
    return all;
  }
};

inline std::vector<std::string> readCaseLines(const std::string& file) {
  const auto text = readFile(JUNCTOR_SOURCE_DIR "/tests/cases/script/" + file);
  REQUIRE(text);
  std::vector<std::string> lines;
  for (size_t start = 0; start < text->size();) {
    const size_t end = text->find('\n', start);
    lines.push_back(text->substr(start, end - start));
    start = end + 1;
    if (lines.back().starts_with("# ") || lines.back().empty()) lines.pop_back();
  }
  return lines;
}

inline std::vector<Case> readCases(const std::string& file) {
  std::vector<Case> cases;
  for (const std::string& line : readCaseLines(file)) {
    if (line.starts_with("--- ")) {
      cases.push_back({line.substr(4), "", {}});
    } else if (line.starts_with("> ")) {
      cases.back().expected = line.substr(2);
    } else {
      cases.back().lines.push_back(line);
    }
  }
  return cases;
}

}  // namespace junctor::script
