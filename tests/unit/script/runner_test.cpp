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
  RuleBudget patient;
  patient.wall_ms = 60'000;  // memory must run out first, on any machine
  const auto runner = makeRuleRunner(patient);
  for (int i = 0; i < 3; ++i) {
    CHECK(normalize(*runner, *rules, R"({"bomb":true})") == "budget: memory budget used up");
    CHECK(normalize(*runner, *rules, "{}") == R"({"fine":true})");
  }
}

namespace {

// Top level and handler of scripts that try to remember the first event, in every place there is.
struct Memory {
  const char* top;
  const char* handler;
};
constexpr Memory kMemories[] = {
    {"local n = 0", "if ev.set then n = 1 end return { n = n }"},
    {"local t = {}", "if ev.set then t.x = 1 end return { n = t.x or 0 }"},
    {"local t = { x = 0, y = 1 }", "if ev.set then t.x = nil t.z = 1 end return { n = t.z or 0 }"},
    {"local t = { x = 0 }", "if ev.set then t.x = 0.5 end return { n = t.x }"},
    {"local t = { a = { b = { c = 0 } } }",
     "if ev.set then t.a.b.c = 1 end return { n = t.a.b.c }"},
    {"local t = { a = {} }", "if ev.set then t.a = { 1 } end return { n = #t.a }"},
    {"local t = {}", "if ev.set then jn.array(t) end return { n = t }"},
    {"local function f() return 0 end",
     "if ev.set then f = function() return 1 end end return { n = f() }"},
    {"local n = 0 local function f(s) if s then n = 1 end return n end",
     "return { n = f(ev.set) }"},
    {"local t = { f = (function() local n = 0 return function(s) if s then n = 1 end return n end "
     "end)() }",
     "return { n = t.f(ev.set) }"},
    {"local it = ('ab'):gmatch('.')", "return { n = it() }"},
    {"local t = {} for i = 1, 500 do t[i] = 0 end",
     "if ev.set then t[9] = 1 end return { n = t[9] }"},
    {"local t = {} t.t = t", "if ev.set then t.t.x = 1 end return { n = t.x or 0 }"},
    {"local t = { [true] = 0 }", "if ev.set then t[true] = 1 end return { n = t[true] }"},
    {"local k = {} local t = { [k] = 0 }", "if ev.set then t[k] = 1 end return { n = t[k] }"},
    {"g = 0", "if ev.set then g = 1 end return { n = g }"},
    {"g = { n = 0 }", "if ev.set then g.n = 1 end return { n = g.n }"},
    {"local d = {} d.r = jn.route { rules = {} }",
     "if ev.set then d.r.version = 1 end return { n = d.r.version or 0 }"},
};

}  // namespace

TEST_CASE("no place remembers an event", "[script]") {
  const auto runner = makeRuleRunner();
  for (const Memory& memory : kMemories) {
    INFO(memory.top << " / " << memory.handler);
    const auto rules = mustCompile(std::string(memory.top) + "\n" + normalizerOf(memory.handler));
    const std::string clean = normalize(*makeRuleRunner(), *rules, R"({"set":false})");
    const std::string set = normalize(*makeRuleRunner(), *rules, R"({"set":true})");
    for (const bool now : {false, false, true, false, true, true, false}) {
      const std::string payload = now ? R"({"set":true})" : R"({"set":false})";
      CHECK(normalize(*runner, *rules, payload) == (now ? set : clean));
    }
  }
}

TEST_CASE("handlers that share a captured table share no event", "[script]") {
  const auto rules = mustCompile(R"lua(
    local seen = { n = 0 }
    jn.route { rules = {
      { name = "a", to = "a", where = function(ev) if ev.set then seen.n = 1 end return true end },
      { name = "b", to = "b", where = function(ev) return seen.n == 0 end },
    } })lua");
  const auto runner = makeRuleRunner();
  for (const char* payload : {"{}", R"({"set":true})", "{}", R"({"set":true})"}) {
    Stage stage(payload);
    const auto ran = runner->route(*rules, stage.event, stage.payload);
    REQUIRE_FALSE(ran.error);
    CHECK(ran.value.targets.size() == 2);
  }
}

}  // namespace junctor::script
