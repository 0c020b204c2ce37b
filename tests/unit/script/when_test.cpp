// The `when` language by example: tests/cases/script/when.txt.
#include "case_file.h"
#include "script_fixture.h"

namespace junctor::script {
namespace {

const char* const kPayload =
    R"({"action":"opened","n":5,"data_wins":"payload","list":[{"id":7},{"id":8}]})";

bool matches(const std::string& when, const std::string& data, Trace* trace) {
  const auto rules = mustCompile("return jn.route { rules = {{ name = 'it', when = " + when +
                                 ", to = 'there' }} }");
  Stage stage(kPayload, data);
  stage.event.actor_json = R"({"login":"ann"})";
  stage.event.resource = {"ticket", "T-1"};
  stage.event.metadata_json = R"({"ip":"10.1.2.3"})";
  const auto ran = makeRuleRunner()->route(*rules, stage.event, stage.payload, trace);
  REQUIRE_FALSE(ran.error);
  return !ran.value.targets.empty();
}

std::vector<std::string> columns(const std::string& line) {
  std::vector<std::string> all;
  for (size_t start = 0;;) {
    const size_t bar = line.find(" | ", start);
    all.push_back(line.substr(start, bar - start));
    if (bar == line.npos) return all;
    start = bar + 3;
  }
}

}  // namespace

TEST_CASE("conditions match as the table of cases says", "[script][when]") {
  const auto lines = readCaseLines("when.txt");
  CHECK(lines.size() >= 120);
  for (const std::string& line : lines) {
    INFO(line);
    const auto parts = columns(line);
    REQUIRE(parts.size() == 3);
    const bool expected = parts[2] == "yes";
    Trace trace;
    CHECK(matches(parts[0], parts[1], nullptr) == expected);
    CHECK(matches(parts[0], parts[1], &trace) == expected);  // without the index
    REQUIRE(trace.lines.size() == 1);
    CHECK((trace.lines[0].find("matched") != std::string::npos) == expected);
  }
}

}  // namespace junctor::script
