// What compileRules takes and refuses.
#include "case_file.h"
#include "script_fixture.h"

namespace junctor::script {

TEST_CASE("a mistake is refused at publish with its place and a hint", "[script]") {
  const auto cases = readCases("publish_errors.txt");
  CHECK(cases.size() >= 35);
  for (const Case& one : cases) {
    INFO(one.name);
    const std::string message = refusal(one.text());
    INFO(message);
    CHECK(message.find(one.expected) != std::string::npos);
  }
}

TEST_CASE("every wrong script is reported at once", "[script]") {
  const auto rules = compileRules({{"t", "a", "return jn.rout {}", "1"},
                                   {"t", "good", "jn.route { rules = {} }", "1"},
                                   {"t", "b", "x =", "2"}});
  REQUIRE_FALSE(rules);
  CHECK(rules.error().code == ErrorCode::InvalidArgument);
  CHECK(rules.error().message.find("a@1:1: attempt to call") != std::string::npos);
  CHECK(rules.error().message.find("b@2:1: ") != std::string::npos);
  CHECK(rules.error().message.find('\n') == std::string::npos);
}

TEST_CASE("a script may return one table, several, or just call", "[script]") {
  const char* const kRoute = "jn.route { rules = {{ to = 'a' }} }";
  const char* const kNormalize = "jn.normalize { accepts = {}, event = function() end }";
  const auto count = [](const std::string& source) {
    const auto rules = mustCompile(source);
    return std::pair(rules->normalizerCount(), rules->routeCount());
  };
  CHECK(count(std::string("return ") + kRoute) == std::pair<size_t, size_t>(0, 1));
  CHECK(count(std::string("return { ") + kNormalize + ", " + kRoute + " }") ==
        std::pair<size_t, size_t>(1, 1));
  CHECK(count(std::string(kNormalize) + "\n" + kRoute + "\n" + kRoute) ==
        std::pair<size_t, size_t>(1, 2));
}

TEST_CASE("no scripts are a ruleset that does nothing", "[script]") {
  const auto rules = compileRules({});
  REQUIRE(rules);
  Stage stage("{}");
  const auto runner = makeRuleRunner();
  CHECK_FALSE(runner->normalize(**rules, stage.event, stage.payload).value);
  const auto routed = runner->route(**rules, stage.event, stage.payload);
  CHECK_FALSE(routed.error);
  CHECK(routed.value.targets.empty());
  CHECK(routed.value.reason == "no route matched");
}

TEST_CASE("a long script name still yields the line of an error", "[script]") {
  const std::string name(100, 'n');
  const auto rules = compileRules({{"t", name, "\n\nx()", "0123456789abcdef"}});
  REQUIRE_FALSE(rules);
  CHECK(rules.error().message.starts_with(std::string(40, 'n') + "@0123456789ab:3: "));
}

namespace {

std::string sdkFile(const std::string& name) {
  const auto text = readFile(JUNCTOR_SOURCE_DIR "/sdk/lua/" + name);
  REQUIRE(text);
  return *text;
}

}  // namespace

TEST_CASE("the script in the manual compiles", "[script]") {
  const std::string manual = sdkFile("README.md");
  const size_t start = manual.find("```lua\n") + 7;
  const auto rules = mustCompile(manual.substr(start, manual.find("```", start) - start));
  CHECK(rules->normalizerCount() == 1);
  CHECK(rules->routeCount() == 3);
}

}  // namespace junctor::script
