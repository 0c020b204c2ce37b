// jn.tests: tests of rules in Lua, and the coverage they reach.
#include "script/tests.h"

#include "script_fixture.h"

namespace junctor::script {
namespace {

const char* const kRules = R"lua(jn.normalize {
  accepts = "generic/*", emits = "ticket.*",
  event = function(ev)
    if ev.broken then
      error("broken payload", 0)
    end
    return { type = "ticket." .. (ev.action or "updated"), id = ev.id, subject = ev.subject }
  end,
}
jn.map { entity = "ticket", desk = { fields = { subject = { "title", max = 5 }, id = "no" } } }
jn.route {
  rules = { { name = "urgent", when = { type = "ticket.opened" },
              to = { "pager", { "desk", map = "desk/ticket" } } },
            { name = "spam", priority = 9, when = { subject = "*spam*" }, drop = "spam" } },
  otherwise = "archive",
}
)lua";

TestReport reportOf(const std::string& tests, bool coverage = false) {
  const auto rules = mustCompile(kRules);
  return runTests(*rules, {{"demo", "rule_test", tests, "t1"}}, coverage);
}

std::string messageOf(const std::string& body) {
  const auto report = reportOf("return jn.tests { { 'one', function(t) " + body + " end } }");
  for (const std::string& problem : report.problems) return problem;
  return report.results.at(0).message;
}

TEST_CASE("tests run rules and compare what they make", "[script][tests]") {
  const auto report = reportOf(R"lua(return jn.tests {
  { "normalizes", function(t)
      local payload = { id = 7, action = "opened", subject = "Help" }
      local e, done = t.normalize(payload, { source = "generic" })
      t.ok(done)
      t.eq(e.type, "ticket.opened")
      t.eq(e.data, { id = 7, subject = "Help" })
      t.eq(e.resource, { type = "ticket", id = "7" })
    end },
  { "routes", function(t)
      local r = t.route { type = "ticket.opened", data = { id = 7, subject = "A long title" } }
      t.eq(r.to, { "pager", "desk" })
      t.eq(r.targets[2].body, { title = "A lon", no = 7 })
      t.eq(t.route { type = "ticket.x", data = {} }.to, { "archive" })
      t.eq(t.route { type = "ticket.opened", data = { subject = "spam!" } }.reason, "spam")
    end },
  { "maps", function(t)
      t.eq(t.map("desk", "in", { title = "Hi", no = 3 }), { subject = "Hi", id = 3 })
      t.roundtrip("desk/ticket", { subject = "Hi", id = 3 })
    end },
  { "sees errors", function(t)
      local function broken() t.normalize({ broken = true }, { source = "generic" }) end
      local text = t.fails(broken, "broken payload")
      t.ok(text:find("rule@v1", 1, true))
    end },
})lua");
  for (const auto& result : report.results) {
    INFO(result.name << ": " << result.message);
    CHECK(result.passed);
  }
  CHECK(report.results.size() == 4);
  CHECK(report.passed());
}

TEST_CASE("a failing test names its line and what differs", "[script][tests]") {
  CHECK(messageOf("t.eq({ a = { b = 1 } }, { a = { b = 2 } })") ==
        "rule_test@t1:1: a.b: expected 2, got 1");
  CHECK(messageOf("t.eq(nil, 1)") == "rule_test@t1:1: expected 1, got nil");
  CHECK(messageOf("t.eq(jn.null, nil)") == "rule_test@t1:1: expected nil, got null");
  CHECK(messageOf("t.eq({1,2}, {1,2,3}, 'list')") ==
        "rule_test@t1:1: list: expected [1,2,3], got [1,2]");
  CHECK(messageOf("t.ok(false)") == "rule_test@t1:1: expected a true value, got false");
  CHECK(messageOf("t.fails(function() end)").find("there was none") != std::string::npos);
  CHECK(messageOf("t.roundtrip('desk', { subject = 'far too long', id = 1 })")
            .find("lost on the way: subject (clipped") != std::string::npos);
  CHECK(messageOf("t.map('nothing', 'in', {})").find("there is no mapping 'nothing'") !=
        std::string::npos);
}

TEST_CASE("a test has a budget, and leaves nothing for the next", "[script][tests]") {
  CHECK(messageOf("while true do end").find("instruction budget") != std::string::npos);
  CHECK(messageOf("while true do t.normalize({}, { source = 'generic' }) end").find("budget") !=
        std::string::npos);
  const auto report = reportOf(R"(local seen = 0
return jn.tests { { "a", function(t) seen = seen + 1 kept = 1 t.eq(seen, 1) end },
                  { "b", function(t) seen = seen + 1 t.eq(seen, 1)
                      t.fails(function() return kept end, "there is no 'kept'") end } })");
  CHECK(report.passed());
}

TEST_CASE("a test script without tests, or with rules, is a problem", "[script][tests]") {
  CHECK(reportOf("return 1").problems.at(0).find("holds no test") != std::string::npos);
  CHECK(reportOf(kRules).problems.at(0).find("jn.tests alone") != std::string::npos);
  CHECK(reportOf("return jn.tests { 1 }").problems.at(0).find("is written") != std::string::npos);
  CHECK(refusal("return jn.tests { { 'x', function() end } }").find("file of their own") !=
        std::string::npos);
}

TEST_CASE("coverage knows every line with code, and which ran", "[script][tests]") {
  const auto report = reportOf(
      "return jn.tests { { 'one', function(t) t.normalize({ id = 1 }, { source = 'generic' }) end "
      "} }",
      true);
  const ScriptCoverage& coverage = report.coverage.at("rule@v1");
  CHECK(coverage.lines.contains(4));
  CHECK(coverage.lines.contains(5));
  CHECK(coverage.hits.contains(4));
  CHECK_FALSE(coverage.hits.contains(5));
  CHECK(coverage.hits.contains(7));
  for (const auto& [line, times] : coverage.hits) {
    INFO(line);
    CHECK(coverage.lines.contains(line));
  }
  std::vector<std::string> absent;
  for (const auto& read : report.absent) absent.push_back(read.path);
  CHECK(absent == std::vector<std::string>{"broken", "action", "subject"});
}

}  // namespace
}  // namespace junctor::script
