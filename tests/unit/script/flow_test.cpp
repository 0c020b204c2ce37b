// Durable flows in the sandbox: what is remembered answers, what is not ends the run.
#include "script/tests.h"
#include "script_fixture.h"

namespace junctor::script {
namespace {

std::string flowOf(const std::string& body, const std::string& head = "") {
  return head + "\nreturn jn.flow { name = \"x\", when = {}, run = function(event, f)\n" + body +
         "\nend }";
}

// A flow that is run as its host does it; steps are answered by hand.
struct House {
  RulesetPtr rules;
  std::unique_ptr<RuleRunner> runner = makeRuleRunner();
  Stage stage{R"({"n":7,"who":{"name":"Ann"}})"};
  FlowMemory memory;
  Ran<FlowRun> last;

  explicit House(const std::string& body, const std::string& head = "")
      : rules(mustCompile(flowOf(body, head))) {}

  Ran<FlowRun>& run() {
    const FlowInfo* info = rules->flow("x", "rule@v1");
    REQUIRE(info != nullptr);
    last = runner->flow(*rules, *info, stage.event, stage.payload, memory);
    return last;
  }
  std::string error() {
    run();
    return last.error ? last.error->rule + ": " + last.error->message : "none";
  }
  // "1 call a, 2.b.1 act i/x"
  std::string wanted() {
    run();
    if (last.error) FAIL(last.error->rule + ": " + last.error->message);
    std::string all;
    for (const FlowStep& step : last.value.wanted) {
      all += (all.empty() ? "" : ", ") + step.key + " " + step.kind + " " + step.target;
    }
    return all;
  }
  const FlowStep& step(const std::string& key) {
    for (const FlowStep& one : last.value.wanted) {
      if (one.key == key) return one;
    }
    FAIL("step " + key + " is not wanted");
    return last.value.wanted.front();
  }
  void answer(const std::string& key, const std::string& json, StepState state = StepState::Done,
              const std::string& error = "") {
    const FlowStep& asked = step(key);
    Step done;
    done.key = key;
    done.kind = asked.kind;
    done.target = asked.target;
    done.digest = asked.digest;
    done.state = state;
    done.started_at_ms = stage.event.received_at_ms + 10;
    done.ended_at_ms = stage.event.received_at_ms + 20;
    done.result_json = json;
    done.error = error;
    memory[key] = std::move(done);
  }
};

TEST_CASE("a flow runs to its first unanswered step and from its start again", "[script][flow]") {
  House house(R"(
    local a = f.call("crm", { n = event.n, name = event.who.name })
    local b = f.act("desk", "ticket.update", { id = a.id })
    return { id = a.id, ok = b.ok })");
  CHECK(house.wanted() == "1 call crm");
  CHECK(house.step("1").args_json == R"({"n":7,"name":"Ann"})");
  CHECK(house.step("1").where == "rule@v1:4");
  CHECK_FALSE(house.last.value.finished);
  house.answer("1", R"({"id":9007199254740993})");
  CHECK(house.wanted() == "2 act desk/ticket.update");
  CHECK(house.step("2").args_json == R"({"id":9007199254740993})");
  CHECK(house.step("2").name == "desk");
  CHECK(house.step("2").action == "ticket.update");
  house.answer("2", R"({"ok":true})");
  CHECK(house.wanted().empty());
  CHECK(house.last.value.finished);
  CHECK(house.last.value.result_json == R"({"id":9007199254740993,"ok":true})");
}

TEST_CASE("an optional step that failed gives nil and why", "[script][flow]") {
  House house(R"(
    local a, why = f.call("mood", {}, { optional = true, tries = 2, timeout = "3s", cache = "1h" })
    return { a = a, why = why })");
  house.wanted();
  const FlowStep& step = house.step("1");
  CHECK(step.optional);
  CHECK(step.tries == 2);
  CHECK(step.timeout_ms == 3'000);
  CHECK(step.cache_ms == 3'600'000);
  house.answer("1", "", StepState::Failed, "connect: refused");
  CHECK(house.wanted().empty());
  CHECK(house.last.value.result_json == R"({"why":"connect: refused"})");
}

TEST_CASE("a step that is open or waits is wanted again", "[script][flow]") {
  House house("return f.call('a', 1)");
  house.wanted();
  house.answer("1", "", StepState::Open, "500");
  CHECK(house.wanted() == "1 call a");
  house.answer("1", "", StepState::Waiting);
  CHECK(house.wanted() == "1 call a");
}

TEST_CASE("branches of jn.all lack their steps side by side and keep lines of their own",
          "[script][flow]") {
  House house(R"(
    local r = jn.all {
      tags = function() local a = f.call("t", 1) return f.call("u", a) end,
      mood = function() return f.llm("gpt", { prompt = "?" }, { optional = true }) end,
      function() return "no step" end,
    }
    return { r.tags, r.mood or "none", r[1], f.call("last", 1) })");
  CHECK(house.wanted() == "1.mood.1 llm gpt, 1.tags.1 call t");
  house.answer("1.tags.1", "5");
  CHECK(house.wanted() == "1.mood.1 llm gpt, 1.tags.2 call u");
  CHECK(house.step("1.tags.2").args_json == "5");
  house.answer("1.mood.1", "", StepState::Failed, "down");
  CHECK(house.wanted() == "1.tags.2 call u");
  house.answer("1.tags.2", "6");
  CHECK(house.wanted() == "2 call last");
  house.answer("2", "7");
  house.run();
  CHECK(house.last.value.result_json == R"([6,"none","no step",7])");
}

TEST_CASE("an error in a branch is the flow's, whatever others wait for", "[script][flow]") {
  House house("jn.all { a = function() f.call('t', 1) end, b = function() error('no') end }");
  CHECK(house.error() == "rule@v1:3: no");
}

TEST_CASE("a wait knows its pattern and from when on events count", "[script][flow]") {
  House house(R"(
    local a = f.call("agent", 1)
    local pattern = { type = "ticket.*", where = { ["resource.id"] = 5 } }
    local e, why = f.wait(pattern, { timeout = "2h" })
    local e2 = f.wait("x.y")
    return { e.id, e2, why })");
  house.wanted();
  house.answer("1", "1");
  CHECK(house.wanted() == "2 wait ticket.*");
  const FlowStep& wait = house.step("2");
  CHECK(wait.timeout_ms == 7'200'000);
  CHECK(wait.since_key == (house.stage.event.received_at_ms + 10) << 12);  // since the call began
  const EventId id{{1'790'000'000'500ULL << 16 | 0x7000, 0x8000000000000002ULL}};
  house.answer("2", "{\"id\":\"" + id.text() + "\"}");
  CHECK(house.wanted() == "3 wait x.y");
  CHECK(house.step("3").since_key == id.orderKey());  // not the same one again
  house.answer("3", "");
  house.run();
  CHECK(house.last.value.result_json == "[\"" + id.text() + "\"]");
}

TEST_CASE("a pattern matches type, source and plain values of the event", "[script][flow]") {
  auto request = std::make_shared<RawRequest>();
  request->body = R"({"ticket":{"id":5,"open":true},"name":"A"})";
  EventEnvelope envelope;
  envelope.event.type = "ticket.updated";
  envelope.event.source = "desk";
  envelope.event.resource = {"ticket", "77"};
  envelope.request = request;
  const auto matches = [&](const std::string& json) {
    const auto pattern = WaitPattern::parse(json);
    if (!pattern) return pattern.error().message;
    return std::string(pattern->matches(envelope) ? "yes" : "no");
  };
  CHECK(matches(R"({"type":"ticket.*"})") == "yes");
  CHECK(matches(R"({"type":"ticket.{opened,updated}","source":"desk"})") == "yes");
  CHECK(matches(R"({"type":"ticket.opened"})") == "no");
  CHECK(matches(R"({"type":"*","source":"other"})") == "no");
  CHECK(matches(R"({"type":"*","where":{"ticket.id":5,"name":"A","ticket.open":true}})") == "yes");
  CHECK(matches(R"({"type":"*","where":{"resource.id":77}})") == "yes");
  CHECK(matches(R"({"type":"*","where":{"ticket.id":6}})") == "no");
  CHECK(matches(R"({"type":"*","where":{"ticket.nothing":""}})") == "no");
  CHECK(matches("{}") == "'type' is missing");
  CHECK(matches(R"({"type":"*","where":{"a":{}}})") == "where.a is no plain value");
  CHECK(matches(R"({"type":"*","x":1})") == "unknown key 'x'");
}

TEST_CASE("a step that is not as it was is reported with both and its line", "[script][flow]") {
  House first("f.call('a', 1)");
  first.wanted();
  first.answer("1", "1");
  SECTION("other arguments") {
    House now("f.call('a', 2)");
    now.memory = first.memory;
    CHECK(
        now.error().starts_with("rule@v1:3: step 1 is now 'call a' with other arguments, and was "
                                "'call a' when it ran first."));
    CHECK(now.last.error->changed);
  }
  SECTION("another step") {
    House now("f.sleep('5m')");
    now.memory = first.memory;
    CHECK(now.error().starts_with("rule@v1:3: step 1 is now 'sleep 5m', and was 'call a' when"));
  }
  SECTION("no step") {
    House now("return 1");
    now.memory = first.memory;
    CHECK(now.error() ==
          "rule@v1:0: step 1 (call a) was made when it ran first and is not asked for now");
    CHECK(now.last.error->changed);
  }
  SECTION("pcall does not hide it") {
    House now("pcall(f.call, 'a', 2) return 1");
    now.memory = first.memory;
    now.error();
    CHECK(now.last.error->changed);
  }
}

TEST_CASE("what a flow uses beside its event is the same in every run", "[script][flow]") {
  House house("f.call('a', { ctx == nil, os == nil })");
  CHECK(house.error() == "rule@v1:3: there is no 'ctx' in rules");
}

TEST_CASE("hostile flows end within their limits", "[script][flow][attack]") {
  SECTION("steps without end") {
    House house("for i = 1, math.huge do f.set('k', i) end");
    for (size_t i = 1; i <= limits::kFlowStepsMax; ++i) {
      REQUIRE(house.wanted() == std::to_string(i) + " set k");
      house.answer(std::to_string(i), "");
    }
    CHECK(house.error() == "rule@v1:3: a flow has at most 500 steps");
  }
  SECTION("pcall does not catch the end of a run") {
    House house(R"(
      local n = 0
      while true do
        local ok = pcall(function() return pcall(f.call, "a", 1) end)
        n = n + 1
        if n > 3 then return "caught" end
      end)");
    CHECK(house.wanted() == "1 call a");
  }
  SECTION("a branch cannot be left by pcall either") {
    House house(
        "pcall(jn.all, { a = function() pcall(f.call, 'a', 1) error('later') end }) return 1");
    CHECK(house.wanted() == "1.a.1 call a");
  }
  SECTION("callbacks of the host do not catch it") {
    House house(R"(
      table.sort({ 3, 2, 1 }, function() f.call("a", 1) end)
      return 1)");
    CHECK(house.wanted() == "1 call a");
    House pattern("return ('x'):gsub('x', function() return f.call('a', 1) end)");
    CHECK(pattern.wanted() == "1 call a");
  }
  SECTION("an endless loop between steps") {
    House house("while true do pcall(error, 'x') end");
    CHECK(house.error().find("budget used up") != std::string::npos);
    CHECK(house.last.error->budget);
  }
  SECTION("arguments too large") {
    House house("local s = ('x'):rep(300000) f.call('a', s)");
    CHECK(house.error().find("result too large") != std::string::npos);
  }
  SECTION("arguments that JSON cannot say") {
    CHECK(House("f.call('a', { f = print })").error() != "none");
    CHECK(House("f.call('a', f.call)").error() != "none");
    CHECK(House("f.call('a', 0/0)").error() != "none");
  }
  SECTION("answers beyond the memory of a rule") {
    House house("for i = 1, 40 do f.call('a', i) end return 'all'");
    const std::string huge = "\"" + std::string(limits::kFlowResultBytesMax - 2, 'x') + "\"";
    while (!house.run().error && !house.last.value.finished) {
      house.answer(house.last.value.wanted.front().key, huge);
    }
    const bool within = house.last.value.finished || (house.last.error && house.last.error->budget);
    CHECK(within);
  }
  SECTION("too many branches, and branches without end") {
    House many("local t = {} for i = 1, 17 do t[i] = function() end end jn.all(t)");
    CHECK(many.error() == "rule@v1:3: jn.all takes at most 16 functions");
    House deep("local function g() return jn.all { a = g } end g()");
    CHECK(deep.error() != "none");
  }
  SECTION("no coroutine, no clock, no chance") {
    for (const char* body : {"coroutine.yield()", "os.time()", "math.random()", "f.call.x()"}) {
      CHECK(House(body).error() != "none");
    }
  }
  SECTION("options are checked") {
    CHECK(House("f.call('a', 1, { retries = 3 })").error().find("unknown key 'retries'") !=
          std::string::npos);
    CHECK(House("f.call('a', 1, { tries = 21 })").error() == "rule@v1:3: 'tries' must be 1 to 20");
    CHECK(House("f.sleep('400d')").error() == "rule@v1:3: 'sleep' must be at most 366d");
    CHECK(House("f.sleep(-1)").error() == "rule@v1:3: 'sleep' is out of range");
    CHECK(House("f.wait({ source = 'x' })").error() == "rule@v1:3: wait: 'type' is missing");
    CHECK(House("f.emit { type = 'a b' }").error().find("a type has letters") != std::string::npos);
    CHECK(House("f.emit { data = 1 }").error() == "rule@v1:3: an event needs a 'type'");
    CHECK(House("f.set(('k'):rep(257), 1)").error() == "rule@v1:3: a key must have 1 to 256 bytes");
    CHECK(House("jn.all { ['a.1'] = function() end }").error().find("a branch's name") !=
          std::string::npos);
  }
}

TEST_CASE("steps are made in flows alone", "[script][flow][attack]") {
  const std::string outside = "steps are made in the run function of a flow, nowhere else";
  CHECK(dataOf("return jn.all { a = function() end }").find(outside) != std::string::npos);
  CHECK(refusal("jn.all {}").find(outside) != std::string::npos);
  // `f` taken out of a flow does nothing elsewhere, and does not outlive its event.
  const auto rules = mustCompile(R"(
    local kept
    jn.flow { name = "x", when = {}, run = function(event, f) kept = f return 1 end }
    return jn.route { rules = { { when = {}, to = "a",
      where = function() if kept then kept.call("a", 1) end return true end } } })");
  const auto runner = makeRuleRunner();
  Stage stage;
  for (int i = 0; i < 2; ++i) {
    CHECK(runner->flow(*rules, *rules->flow("x", "rule@v1"), stage.event, stage.payload, {})
              .value.finished);
    const auto routed = runner->route(*rules, stage.event, stage.payload);
    CHECK_FALSE(routed.error);
  }
}

TEST_CASE("a flow is among the targets of what it is for", "[script][flow]") {
  const auto rules = mustCompile(R"(
    jn.flow { name = "triage", when = "generic/ticket.*", key = "who", run = function() end }
    jn.flow { name = "other", when = { type = "chat.*" }, run = function() end }
    return jn.route { rules = { { when = {}, to = "a" } } })");
  Stage stage(R"({"who":"ann"})");
  const auto routed = makeRuleRunner()->route(*rules, stage.event, stage.payload);
  REQUIRE(routed.value.targets.size() == 2);
  const RouteTarget& target = routed.value.targets[1];
  CHECK(target.destination == "flow:triage");
  CHECK(target.rule_version == "rule@v1");
  CHECK(target.order_key == "ann");
  CHECK(rules->destinations() == std::vector<std::string>{"a"});
  CHECK(rules->flowCount() == 2);
}

TEST_CASE("a flow that cannot be is refused at publish", "[script][flow]") {
  CHECK(refusal("return jn.flow { name = 'x', when = {} }").find("'run' is missing") !=
        std::string::npos);
  CHECK(refusal("return jn.flow { when = {}, run = function() end }").find("'name' is missing") !=
        std::string::npos);
  CHECK(refusal("return jn.flow { name = 'x', run = function() end }").find("'when' is missing") !=
        std::string::npos);
  CHECK(refusal("return jn.flow { name = 'x', on = 'a', when = {}, run = function() end }")
            .find("unknown key 'on'") != std::string::npos);
  CHECK(refusal("return jn.flow { name = 'a:b', when = {}, run = function() end }")
            .find("'name' may have letters") != std::string::npos);
  CHECK(refusal("return jn.flow { name = 'x', when = {}, retry = '5x', run = function() end }")
            .find("'retry' must be a duration") != std::string::npos);
  CHECK(refusal("jn.flow { name = 'x', when = {}, run = function() end }\n"
                "return jn.flow { name = 'x', when = {}, run = function() end }") ==
        "rule@v1:2: there is a flow 'x' already, in rule@v1");
  const auto rules = mustCompile(
      "return jn.flow { name = 'x', when = {}, retry = { '0s', '5s' }, run = function() end }");
  CHECK(rules->flow("x", "rule@v1")->retry_waits_ms == std::vector<int64_t>{0, 5'000});
  CHECK(rules->flow("x", "rule@v2") == nullptr);
}

TEST_CASE("tests answer the steps of a flow", "[script][flow]") {
  const auto rules = mustCompile(flowOf(R"(
    local m, why = f.call("mood", { text = event.text }, { optional = true })
    local r = f.act("desk", "update", { mood = m.score, why = why })
    f.sleep("1h")
    return { id = r.id, e = f.wait("a.b"), id2 = f.emit { type = "done" } })"));
  const auto report = [&](const std::string& test) {
    const auto ran = runTests(
        *rules, {scriptOf("return jn.tests { { 'x', function(t) " + test + " end } }", "x_test")});
    for (const std::string& problem : ran.problems) return problem;
    return ran.results.at(0).passed ? std::string("passed") : ran.results.at(0).message;
  };
  CHECK(report(R"(
    local r = t.flow("x", { payload = { text = "hi" } }, {
      ["call mood"] = function(step) return { score = #step.body.text } end,
      ["act desk/update"] = { id = 4 } })
    t.eq(r.result, { id = 4, id2 = "evt_test" })
    t.eq(r.steps[2].body, { mood = 2 })
    t.eq(#r.steps, 5))") == "passed");
  CHECK(report(R"(
    local r = t.flow("x", {}, { call = false, act = { id = 1 }, wait = { id = "evt_1" } })
    t.eq(r.steps[1].error, "the test says that it fails")
    t.eq(r.steps[2].body.why, "the test says that it fails")
    t.eq(r.result.e.id, "evt_1"))") == "passed");
  CHECK(report(R"(
    local r = t.flow("x", {}, { call = {}, act = function() return nil, "no such ticket" end })
    t.eq(r.dead, "step 2 (act desk/update): no such ticket"))") == "passed");
  CHECK(report("t.flow('x', {}, { call = {} })")
            .find("step 2 has no answer: give answers[\"act desk"
                  "/update\"]") != std::string::npos);
  CHECK(report("t.flow('y', {})").find("there is no flow 'y'") != std::string::npos);
}

}  // namespace
}  // namespace junctor::script
