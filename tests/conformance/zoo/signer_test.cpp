// Animals that check signatures themselves: judged by requests that were signed for them, and each
// caught by the check made for its fault.
#include "base/files.h"
#include "conformance/zoo/zoo_house.h"

namespace junctor::testing {
namespace {

using conformance::Verdict;

struct Signer {
  const char* name;
  const char* check;
  const char* says;
};
constexpr Signer kSigners[] = {
    {"verifies_nothing", "W1", "verifies under a secret it was not signed with"},
    {"shrugs_at_hex", "W2", "of X-Zoo-Mark is accepted"},
    {"forgets_window", "W3", "is accepted when it is too old"},
    {"asks_for_no_mark", "W4", "a request without X-Zoo-Mark is accepted"},
    {"trims_body", "W5", "verifies for bytes that were not sent"},
};

conformance::Options optionsFor(const std::string& signer) {
  conformance::Options options;
  options.library = JUNCTOR_BINARY_DIR "/tests/zoo-signers/" + signer + ".so";
  options.fixtures = JUNCTOR_SOURCE_DIR "/tests/conformance/zoo/animals/signing";
  return options;
}

}  // namespace

TEST_CASE("a connector that checks signatures itself passes every check of signatures") {
  const auto report = checked(optionsFor("signs_itself"));
  CHECK(failuresOf(report) == "");
  for (const char* check : {"W1", "W2", "W3", "W4", "W5"}) {
    CAPTURE(check, findingOf(report, check).message);
    CHECK(findingOf(report, check).verdict == Verdict::Pass);
  }
}

TEST_CASE("each connector whose own check of signatures is faulty is caught") {
  for (const Signer& signer : kSigners) {
    CAPTURE(signer.name, signer.check);
    auto options = optionsFor(signer.name);
    options.include = {signer.check};
    const auto report = checked(options);
    const auto& finding = report.findings.at(0);
    CHECK(finding.verdict == Verdict::Fail);
    CHECK_THAT(finding.message, Catch::Contains(signer.says));
  }
}

TEST_CASE(
    "a connector that checks signatures itself, without signed requests, has proved nothing") {
  auto options = optionsFor("signs_itself");
  options.fixtures = JUNCTOR_SOURCE_DIR "/tests/conformance/zoo/animals/fixtures";
  options.include = {"W1", "W2"};
  const auto report = checked(options);
  CHECK(findingOf(report, "W1").verdict == Verdict::Fail);
  CHECK_THAT(findingOf(report, "W1").message, Catch::Contains("its fixtures need signatures.json"));
  CHECK(findingOf(report, "W2").verdict == Verdict::Skip);
}

}  // namespace junctor::testing
