#pragma once
// Reads tests/data/http/*.txt: "expected | name | bytes", '#' comments, escapes as told there.
#include <string>
#include <vector>

namespace junctor::testing {

struct HttpCase {
  std::string expected;
  std::string name;
  std::string bytes;
};

std::vector<HttpCase> readHttpCases(const std::string& file);

}  // namespace junctor::testing
