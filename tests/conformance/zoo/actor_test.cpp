// Animals that act: against recorded HTTP, each is caught by the check made for its fault.
#include "conformance/zoo/zoo_house.h"

namespace junctor::testing {
namespace {

struct Actor {
  const char* name;
  const char* check;
  const char* says;
};
constexpr Actor kActors[] = {
    {"reaches_elsewhere", "A1", "asks for evil.example.net, which no capability names"},
    {"brings_token", "A2", "sets the header Authorization itself"},
    {"blurs_errors", "A3", "429 with Retry-After gives JN_E_INTERNAL instead of"},
    {"forgets_key", "A4", "POST goes without the idempotency key"},
    {"takes_any_action", "A5", "an unknown action gives JN_OK"},
    {"invents_results", "A6", "lacks id"},
    {"runs_dry_run", "A7", "sends a POST in a dry run"},
    {"ends_hooks_once", "A8", "the second time JN_E_NOT_FOUND"},
    {"repeats_fields", "A9", "gives a field twice"},
    {"polls_without_end", "A10", "says 0 times where to go on"},
    {"passes_every_test", "A11", "a refused credential gives JN_OK"},
    {"logs_secrets", "A12", "a secret stands in a log line"},
};

conformance::Options optionsFor(const std::string& actor) {
  conformance::Options options;
  options.library = JUNCTOR_BINARY_DIR "/tests/zoo/" + actor + ".so";
  options.fixtures = JUNCTOR_SOURCE_DIR "/tests/conformance/zoo/animals/acting";
  return options;
}

}  // namespace

TEST_CASE("the good actor passes every check, and every action check runs on it") {
  const auto report = checked(optionsFor("good_actor"));
  CHECK(failuresOf(report) == "");
  for (const auto& finding : report.findings) {
    CAPTURE(finding.id, finding.message);
    if (finding.id[0] == 'A') CHECK(finding.verdict == conformance::Verdict::Pass);
  }
}

TEST_CASE("each faulty actor is caught by the check that is made for its fault, and no other") {
  for (const Actor& actor : kActors) {
    CAPTURE(actor.name, actor.check);
    auto options = optionsFor(actor.name);
    options.include = {"A*"};
    const auto report = checked(options);
    const auto& finding = findingOf(report, actor.check);
    CHECK(finding.verdict == conformance::Verdict::Fail);
    CHECK_THAT(finding.message, Catch::Contains(actor.says));
    CHECK(report.count(conformance::Verdict::Fail) == 1);
  }
}

}  // namespace junctor::testing
