// Each animal of the zoo is faulty in one way; the table says which check catches it, and how the
// report names the fault.
#include <algorithm>

#include "base/files.h"
#include "base/json_value.h"
#include "conformance/zoo/zoo_house.h"

namespace junctor::testing {
namespace {

using conformance::Verdict;

struct Animal {
  const char* name;
  const char* check;
  const char* says;
};
constexpr Animal kAnimals[] = {
    {"aborts", "W8", "died of SIGABRT"},
    {"allocates", "W8", "used a NULL pointer"},
    {"assumes_services", "L10", "used a NULL pointer"},
    {"changes_environment", "L4", "the environment"},
    {"claims_too_much", "W8", "claims 1099511627776 bytes"},
    {"counts_events", "C1", "a second instance answers otherwise"},
    {"counts_events", "W9", "other bytes the second time"},
    {"exits", "W8", "ended the process with exit code 0"},
    {"exits_at_load", "L1", "ended the process with exit code 0"},
    {"forged_manifest", "L8", "the code says id 'org.example.somebody.else'"},
    {"forks", "S12", "imports fork"},
    {"forks", "W8", "made the system call clone"},
    {"gives_bad_json", "W8", "data_json is not valid JSON"},
    {"ignores_cancel", "C8", "instead of JN_E_CANCELLED"},
    {"ignores_sink", "C12", "handle answers JN_OK"},
    {"invents_status", "C13", "7, which is no status"},
    {"invents_types", "W8", "does not declare the event surprise"},
    {"keeps_call", "C7", "log.write was given a call that is not the running one"},
    {"keeps_views", "C7", "read the body after its call had ended"},
    {"leaks", "C15", "KiB more after"},
    {"leaks_descriptors", "L4", "the open descriptor"},
    {"leaks_in_open", "L15", "KiB more after 100 opens"},
    {"leaves_thread", "L4", "2 threads instead of 1"},
    {"matches_prefixes", "L11", "offers something for"},
    {"names_addresses", "W9", "other bytes the second time"},
    {"opens_socket", "S12", "imports socket"},
    {"opens_socket", "W8", "made the system call socket"},
    {"overflows_stack", "W8", "the stack overflowed"},
    {"plays_with_signals", "L4", "the handler of signal TERM"},
    {"prints", "C14", "it printed: {"},
    {"reads_past_end", "C4", "read past the end of the body"},
    {"refuses_future", "L6", "refuses a newer host"},
    {"refuses_unknown", "W12", "never heard of it"},
    {"says_nothing", "C13", "without a call of fail"},
    {"segfault", "W8", "used a NULL pointer"},
    {"sleeps", "W8", "did not end within 1 s"},
    {"spins", "W8", "did not end within 1 s"},
    {"takes_anything", "C3", "create takes settings that are no JSON"},
    {"talks_at_load", "L3", "made the system call write"},
    {"throws", "W8", "handle let an exception out"},
    {"trusts_alloc", "C10", "used a NULL pointer"},
    {"works_at_load", "L2", "ms of processor time"},
    {"writes_to_call", "W8", "wrote to jn_call, which is read-only"},
    {"writes_to_host", "L9", "wrote to the table of junctor.log/1, which is read-only"},
    {"writes_to_input", "W8", "wrote to the body, which is read-only"},
    {"wrong_size", "L8", "struct_size 24"},
};

conformance::Options optionsFor(const std::string& animal) {
  conformance::Options options;
  options.library = JUNCTOR_BINARY_DIR "/tests/zoo/" + animal + ".so";
  options.fixtures = JUNCTOR_SOURCE_DIR "/tests/conformance/zoo/animals/fixtures";
  return options;
}

// Only limits on memory and system calls show what they do; under a sanitizer there are none.
bool shown(const Animal& animal) {
  if (!kSanitized) return true;
  for (const char* limited : {"allocates", "talks_at_load", "leaks"}) {
    if (animal.name == std::string(limited)) return false;
  }
  return !std::string(animal.says).starts_with("made the system call");
}

bool waits(const std::string& animal) {
  return animal == "sleeps" || animal == "spins";
}

}  // namespace

TEST_CASE("the good connector passes every check, and none of them is skipped without reason") {
  const auto report = checked(optionsFor("good"));
  CHECK(failuresOf(report) == "");
  for (const auto& finding : report.findings) {
    if (finding.verdict == Verdict::Skip) CHECK(finding.message != "");
  }
}

TEST_CASE("each faulty connector is caught by the check that is made for its fault") {
  for (const Animal& animal : kAnimals) {
    if (!shown(animal)) continue;
    CAPTURE(animal.name, animal.check);
    auto options = optionsFor(animal.name);
    options.include = {animal.check};
    if (waits(animal.name)) options.timeout_s = 1;
    const auto report = checked(options);
    const auto& finding = report.findings.at(0);
    CHECK(finding.verdict == Verdict::Fail);
    CHECK_THAT(finding.message, Catch::Contains(animal.says));
    CHECK(finding.cure != "");
  }
}

TEST_CASE("the good connector is caught by none of these checks") {
  auto options = optionsFor("good");
  for (const Animal& animal : kAnimals) options.include.emplace_back(animal.check);
  CHECK(failuresOf(checked(options)) == "");
}

TEST_CASE("a whole run over any faulty connector ends, and fails") {
  std::string last;
  for (const Animal& animal : kAnimals) {
    if (last == animal.name || !shown(animal)) continue;
    last = animal.name;
    CAPTURE(animal.name);
    auto options = optionsFor(animal.name);
    options.exclude = {"C5", "C11", "C15", "W14"};  // long, and tried above
    if (waits(animal.name)) options.timeout_s = 1;
    const auto report = checked(options);
    CHECK((!report.passed() || animal.check == std::string("C15")));
    CHECK(report.findings.size() >= 55);
  }
}

TEST_CASE("a connector that hangs is given up after three checks") {
  auto options = optionsFor("spins");
  options.timeout_s = 1;
  options.include = {"W*"};
  const auto report = checked(options);
  CHECK(report.count(Verdict::Fail) == 3);
  CHECK(report.findings.back().message == "not run: 3 checks before it did not end");
}

TEST_CASE("what cannot be loaded is not run") {
  const auto report = checked(optionsFor("exits_at_load"));
  CHECK(findingOf(report, "L1").verdict == Verdict::Fail);
  CHECK(findingOf(report, "C1").verdict == Verdict::Skip);
  CHECK(findingOf(report, "C1").message == "not run: L1 failed");
}

TEST_CASE("a file that is no connector fails the first check, and nothing of it is run") {
  conformance::Options options;
  options.library = JUNCTOR_SOURCE_DIR "/README.md";
  const auto report = checked(options);
  CHECK(findingOf(report, "S1").message == "is not an ELF file");
  CHECK(findingOf(report, "L1").verdict == Verdict::Skip);
}

TEST_CASE("a report has a verdict for every check, as JSON and as JUnit") {
  auto options = optionsFor("prints");
  options.include = {"C14", "W1", "S17"};
  const auto report = checked(options);
  const Json json = conformance::reportAsJson(report);
  CHECK(json["connector"] == "org.example.zoo.prints");
  CHECK(json["passed"] == false);
  CHECK(json["counts"]["fail"] == 1);
  CHECK(json["checks"].size() == 3);
  const std::string junit = conformance::reportAsJUnit(report);
  CHECK_THAT(junit, Catch::Contains("tests=\"3\" failures=\"1\" skipped=\"1\""));
  CHECK_THAT(junit, Catch::Contains("name=\"C14\""));
}

TEST_CASE("the manual's page of checks is the table: junctor connector check --list --markdown") {
  const auto page = readFile(JUNCTOR_SOURCE_DIR "/packaging/doc/connector-checks.md");
  REQUIRE(page);
  CHECK(*page == conformance::checksAsMarkdown() + "\n");
}

TEST_CASE("a pattern that names no check is refused") {
  auto options = optionsFor("good");
  options.include = {"Z*"};
  const auto refused = conformance::runChecks(options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "include: no check is called 'Z*'");
}

TEST_CASE("fuzzing finds what breaks, keeps it, and does it again") {
  conformance::FuzzOptions fuzz;
  fuzz.library = JUNCTOR_BINARY_DIR "/tests/zoo/reads_past_end.so";
  fuzz.fixtures = JUNCTOR_SOURCE_DIR "/tests/conformance/zoo/animals/fixtures";
  fuzz.rounds = 200;
  fuzz.folder = JUNCTOR_BINARY_DIR "/tests/zoo";
  const auto found = conformance::fuzz(fuzz);
  REQUIRE(found);
  CHECK_THAT(found->failure, Catch::Contains("read past the end of the body"));
  REQUIRE(fileExists(found->reproducer));
  fuzz.reproduce = found->reproducer;
  const auto again = conformance::fuzz(fuzz);
  REQUIRE(again);
  CHECK(again->failure == found->failure);
  removeFile(found->reproducer);
}

TEST_CASE("fuzzing the good connector breaks nothing") {
  conformance::FuzzOptions fuzz;
  fuzz.library = JUNCTOR_BINARY_DIR "/tests/zoo/good.so";
  fuzz.fixtures = JUNCTOR_SOURCE_DIR "/tests/conformance/zoo/animals/fixtures";
  fuzz.rounds = 2'000;
  const auto found = conformance::fuzz(fuzz);
  REQUIRE(found);
  CHECK(found->failure == "");
  CHECK(found->rounds == 2'000);
}

}  // namespace junctor::testing
