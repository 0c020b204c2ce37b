// Waivers: a failure may be accepted, with a reason, and is then never called a pass.
#include "base/files.h"
#include "conformance/zoo/zoo_house.h"

namespace junctor::testing {
namespace {

Result<std::vector<conformance::Waiver>> waiversOf(const std::string& text) {
  const std::string path = JUNCTOR_BINARY_DIR "/tests/zoo/junctor-check.yaml";
  REQUIRE(replaceFile(path, text, 0600));
  auto waivers = conformance::readWaivers(path);
  removeFile(path);
  return waivers;
}

}  // namespace

TEST_CASE("a waived failure is reported as waived, with its reason") {
  conformance::Options options;
  options.library = JUNCTOR_BINARY_DIR "/tests/zoo/prints.so";
  options.fixtures = JUNCTOR_SOURCE_DIR "/tests/conformance/zoo/animals/fixtures";
  options.include = {"C14", "W1"};
  options.waivers =
      waiversOf("waivers:\n  - check: C14\n    reason: prints until issue 12 is done\n").value();
  const auto report = checked(options);
  CHECK(report.passed());
  CHECK(findingOf(report, "C14").verdict == conformance::Verdict::Waived);
  CHECK(findingOf(report, "C14").waived == "prints until issue 12 is done");
  CHECK(report.count(conformance::Verdict::Pass) == 1);
}

TEST_CASE("a waiver without a reason, or with an unknown key, is refused") {
  const auto none = waiversOf("waivers:\n  - check: C14\n");
  REQUIRE_FALSE(none);
  CHECK_THAT(none.error().message, Catch::EndsWith("the waiver of C14 needs a reason"));
  CHECK_FALSE(waiversOf("waivers:\n  - check: C14\n    reason: \"  \"\n"));
  CHECK_FALSE(waiversOf("waivers:\n  - check: C14\n    because: x\n"));
  CHECK_FALSE(waiversOf("ignore: [C14]\n"));
}

TEST_CASE("a waiver of a check that does not exist is refused") {
  conformance::Options options;
  options.library = JUNCTOR_BINARY_DIR "/tests/zoo/good.so";
  options.waivers = {{"X1", "no such thing"}};
  CHECK_FALSE(conformance::runChecks(options));
}

}  // namespace junctor::testing
