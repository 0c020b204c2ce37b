// Budgets, isolation and determinism of the runner.
#include "script_fixture.h"

namespace junctor::script {
namespace {

std::string normalize(RuleRunner& runner, const Ruleset& rules, const std::string& payload,
                      Trace* trace = nullptr) {
  Stage stage(payload);
  const auto ran = runner.normalize(rules, stage.event, stage.payload, trace);
  if (ran.error) return (ran.error->budget ? "budget: " : "error: ") + ran.error->message;
  return stage.event.data_json;
}

}  // namespace

TEST_CASE("tenants share a thread but no state", "[script]") {
  const auto runner = makeRuleRunner();
  const auto writer = mustCompile("pcall(function() string.secret = 'x' end)\n" +
                                  normalizerOf("secret = ev.s return { s = secret }"));
  const auto reader = mustCompile(
      normalizerOf("local ok, s = pcall(function() return secret end) return { ok = ok }"));
  CHECK(normalize(*runner, *writer, R"({"s":"mine"})") == R"({"s":"mine"})");
  CHECK(normalize(*runner, *reader, "{}") == R"({"ok":false})");
}

TEST_CASE("scripts of one tenant do not see each other's names", "[script]") {
  const auto rules = compileRules(
      {{"t", "a",
        "shared = 1\njn.normalize { accepts = { type = 'never' }, event = function() end }", "1"},
       {"t", "b", normalizerOf("return { ok = (pcall(function() return shared end)) }"), "1"}});
  REQUIRE(rules);
  CHECK(normalize(*makeRuleRunner(), **rules, "{}") == R"({"ok":false})");
}

TEST_CASE("a new version of the rules takes over at once", "[script]") {
  const auto runner = makeRuleRunner();
  for (int i = 0; i < 5; ++i) {
    const auto rules = mustCompile(normalizerOf("return { n = " + std::to_string(i) + " }"));
    CHECK(normalize(*runner, *rules, "{}") == "{\"n\":" + std::to_string(i) + "}");
  }
}

TEST_CASE("more tenants than sandboxes are kept work in turn", "[script]") {
  const auto runner = makeRuleRunner();
  std::vector<RulesetPtr> all;
  for (size_t i = 0; i < limits::kRuleSandboxesMax + 10; ++i) {
    all.push_back(mustCompile(normalizerOf("return { n = " + std::to_string(i) + " }")));
  }
  for (int round = 0; round < 2; ++round) {
    for (size_t i = 0; i < all.size(); ++i) {
      CHECK(normalize(*runner, *all[i], "{}") == "{\"n\":" + std::to_string(i) + "}");
    }
  }
}

TEST_CASE("a budget may be set smaller", "[script]") {
  const auto loop = mustCompile(normalizerOf("for i = 1, ev.n do end return { ok = true }"));
  RuleBudget small;
  small.fuel = 50'000;
  CHECK(normalize(*makeRuleRunner(small), *loop, R"({"n":10000})") == R"({"ok":true})");
  CHECK(normalize(*makeRuleRunner(small), *loop, R"({"n":100000})") ==
        "budget: instruction budget used up");
  CHECK(normalize(*makeRuleRunner(), *loop, R"({"n":100000})") == R"({"ok":true})");

  RuleBudget brief;
  brief.fuel = INT64_MAX / 2;
  brief.wall_ms = 2;
  CHECK(normalize(*makeRuleRunner(brief), *loop, R"({"n":1000000000000})") ==
        "budget: time budget used up");

  const auto eater = mustCompile(
      normalizerOf("local t = {} for i = 1, ev.n do t[i] = { i } end return { n = #t }"));
  RuleBudget lean;
  lean.memory_bytes = 256 * 1024;
  CHECK(normalize(*makeRuleRunner(lean), *eater, R"({"n":100})") == R"({"n":100})");
  CHECK(normalize(*makeRuleRunner(lean), *eater, R"({"n":10000})") ==
        "budget: memory budget used up");
  RuleBudget none;
  none.memory_bytes = 1024;
  CHECK(normalize(*makeRuleRunner(none), *eater, "{}") == "budget: no memory for a sandbox");
}

TEST_CASE("fuel counts the same on every run", "[script]") {
  const auto rules =
      mustCompile(normalizerOf("local t = {} for i = 1, 5000 do t[i] = ('x'):rep(i % 50):upper() "
                               "end table.sort(t) return { n = #t }"));
  int64_t first = 0;
  for (int i = 0; i < 4; ++i) {
    Trace trace;
    CHECK(normalize(*makeRuleRunner(), *rules, "{}", &trace) == R"({"n":5000})");
    if (i == 0) first = trace.fuel;
    CHECK(trace.fuel == first);
  }
  CHECK(first > 5'000);
}

TEST_CASE("chance is seeded by the event", "[script]") {
  const auto rules = mustCompile(normalizerOf("return { a = ctx.rand(), b = ctx.rand() }"));
  const auto runner = makeRuleRunner();
  const std::string once = normalize(*runner, *rules, "{}");
  CHECK(normalize(*runner, *rules, "{}") == once);
  CHECK(normalize(*makeRuleRunner(), *rules, "{}") == once);
  Stage other("{}");
  other.event.id.uuid.lo += 1;
  const auto ran = runner->normalize(*rules, other.event, other.payload);
  CHECK(ran.value);
  CHECK(other.event.data_json != once);
}

TEST_CASE("a handler that captures nothing is kept, and still leaves nothing", "[script]") {
  const auto rules =
      mustCompile(normalizerOf("local ok, seen = pcall(function() return kept end)\nkept = "
                               "ev.n\nreturn { ok = ok, seen = seen }"));
  const auto runner = makeRuleRunner();
  for (const char* payload : {R"({"n":1})", R"({"n":2})", R"({"n":3})"}) {
    CHECK(normalize(*runner, *rules, payload).starts_with(R"({"ok":false)"));
  }
}

TEST_CASE("a trace holds at most the allowed log lines", "[script]") {
  const auto rules = mustCompile(
      normalizerOf("for i = 1, 500 do jn.log(i, ('x'):rep(2000), jn.null, ev) end return {}"));
  Trace trace;
  normalize(*makeRuleRunner(), *rules, "{}", &trace);
  CHECK(trace.lines.size() == limits::kRuleLogLinesMax + 1);
  CHECK(trace.lines.front().starts_with("log: 1 xxx"));
  CHECK(trace.lines.front().size() == limits::kRuleLogLineBytesMax);
}

TEST_CASE("after a memory abort the tenant's next event runs", "[script]") {
  const auto rules = mustCompile(normalizerOf(
      "if ev.bomb then local t = {} while true do t = { t, {} } end end return { fine = true }"));
  const auto runner = makeRuleRunner();
  for (int i = 0; i < 3; ++i) {
    CHECK(normalize(*runner, *rules, R"({"bomb":true})") == "budget: memory budget used up");
    CHECK(normalize(*runner, *rules, "{}") == R"({"fine":true})");
  }
}

}  // namespace junctor::script
