#include "script_fixture.h"

namespace junctor::script {
namespace {

const char* const kHelpdesk = R"lua(
local PRIORITY = { p1="urgent", p2="high", p3="normal", p4="low", critical="urgent", major="high" }
local STATUS   = { new="open", reopened="open", pending="waiting",
                   on_hold="waiting", resolved="solved" }
return jn.normalize {
  version = 3,
  accepts = { source = "generic*", has = { "ticket|issue|case" } },
  emits   = "ticket.*",
  event = function(ev, ctx)
    local t = ev.ticket or ev.issue or ev.case
    local action = (ev.action or ev.event or "updated"):match("(%a+)$")
    return {
      type     = "ticket." .. action,
      id       = jn.id(ctx.source, t.id or t.key),
      at       = jn.time(ev.created_at or t.updated_at, ctx.received_at),
      subject  = jn.clip(t.subject or t.title or t.summary, 255),
      status   = jn.enum(STATUS, t.status or t.state.name, "open"),
      priority = jn.enum(PRIORITY, t.priority or t.severity.name, "normal"),
      requester = { email = jn.email(t.requester.email or t.reporter.emailAddress),
                    name  = t.requester.name or t.reporter.displayName },
      tags     = jn.map(t.tags or t.labels, string.lower),
      url      = t.url or t.html_url,
    }
  end,
}
)lua";

}  // namespace

TEST_CASE("a helpdesk payload of unknown shape becomes a ticket", "[script]") {
  const auto rules = mustCompile(kHelpdesk);
  Stage stage(R"({"action":"ticket_opened","created_at":"2026-11-21T10:00:00+02:00",
    "ticket":{"id":9007199254740993,"title":"Printer on fire","state":{"name":"new"},
    "severity":{"name":"Critical"},"reporter":{"emailAddress":"Ann <ANN@Example.com>"},
    "labels":["VIP","Hardware"]}})");
  const auto ran = makeRuleRunner()->normalize(*rules, stage.event, stage.payload);
  REQUIRE_FALSE(ran.error);
  CHECK(ran.value);
  CHECK(stage.event.type == "ticket.opened");
  CHECK(stage.event.occurred_at_ms == 1'795'248'000'000);
  CHECK(stage.event.resource.type == "ticket");
  CHECK(stage.event.resource.id == "generic:9007199254740993");
  CHECK(stage.event.data_json ==
        R"({"id":"generic:9007199254740993","priority":"urgent",)"
        R"("requester":{"email":"ann@example.com"},)"
        R"("status":"open","subject":"Printer on fire","tags":["vip","hardware"]})");
}

namespace {

struct Outcome {
  bool value = false;
  Event event;
  std::string error;
};

Outcome normalized(const std::string& source, const std::string& payload_json = "{}") {
  const auto rules = mustCompile(source);
  Stage stage(payload_json, R"({"from":"connector"})");
  const auto ran = makeRuleRunner()->normalize(*rules, stage.event, stage.payload);
  return {ran.value, stage.event, ran.error ? ran.error->rule + ": " + ran.error->message : ""};
}

Outcome accepting(const std::string& accepts) {
  return normalized(
      "jn.normalize { accepts = " + accepts + ", event = function() return { x = 1 } end }",
      R"({"ticket":{"id":1},"empty":null})");
}

}  // namespace

TEST_CASE("accepts looks at source, integration, type and payload", "[script]") {
  CHECK(accepting("{}").value);
  CHECK(accepting("{ source = 'generic' }").value);
  CHECK(accepting("{ source = { 'github', 'gen*' } }").value);
  CHECK_FALSE(accepting("{ source = 'github' }").value);
  CHECK(accepting("{ type = 'ticket.*', integration = 'help*' }").value);
  CHECK_FALSE(accepting("{ type = 'issue.*' }").value);
  CHECK(accepting("{ has = { 'issue|ticket' } }").value);
  CHECK(accepting("{ has = { 'ticket.id', 'empty|x' } }").value);
  CHECK_FALSE(accepting("{ has = { 'ticket', 'issue|case' } }").value);
  CHECK(accepting("'generic/ticket.*'").value);
  CHECK_FALSE(accepting("'github/*'").value);
}

TEST_CASE("an event that no normalizer accepts stays as it is", "[script]") {
  const auto outcome = accepting("{ type = 'other.*' }");
  CHECK(outcome.event.data_json == R"({"from":"connector"})");
  CHECK(outcome.error.empty());
}

TEST_CASE("nil leaves the event alone and ends the search", "[script]") {
  const auto outcome = normalized(
      "jn.normalize { accepts = {}, event = function() return nil end }\n"
      "jn.normalize { accepts = {}, event = function() return { second = true } end }");
  CHECK_FALSE(outcome.value);
  CHECK(outcome.error.empty());
  CHECK(outcome.event.data_json == R"({"from":"connector"})");
}

TEST_CASE("the first accepting normalizer wins", "[script]") {
  const auto outcome = normalized(
      "jn.normalize { accepts = { type = 'x' }, event = function() return { n = 1 } end }\n"
      "jn.normalize { accepts = {}, event = function() return { n = 2 } end }\n"
      "jn.normalize { accepts = {}, event = function() return { n = 3 } end }");
  CHECK(outcome.event.data_json == R"({"n":2})");
}

TEST_CASE("envelope members leave the data, id stays in it", "[script]") {
  const auto outcome = normalized(normalizerOf(R"lua(
    return { type = "issue.opened", id = 42, at = 1700000000, actor = { login = "ann" },
             title = "x" }
  )lua"));
  CHECK(outcome.event.type == "issue.opened");
  CHECK(outcome.event.occurred_at_ms == 1'700'000'000'000);
  CHECK(outcome.event.actor_json == R"({"login":"ann"})");
  CHECK(outcome.event.resource.type == "issue");
  CHECK(outcome.event.resource.id == "42");
  CHECK(outcome.event.data_json == R"({"id":42,"title":"x"})");
}

TEST_CASE("a resource of its own wins over id", "[script]") {
  const auto outcome = normalized(
      normalizerOf(R"lua(return { id = 1, resource = { type = "case", id = "C-9" } })lua"));
  CHECK(outcome.event.resource.type == "case");
  CHECK(outcome.event.resource.id == "C-9");
}

TEST_CASE("what a normalizer does not name stays as the connector set it", "[script]") {
  const auto rules = mustCompile(normalizerOf("return { a = 1 }"));
  Stage stage("{}");
  stage.event.actor_json = R"("ann")";
  stage.event.occurred_at_ms = 5;
  stage.event.resource = {"ticket", "T-1"};
  const auto ran = makeRuleRunner()->normalize(*rules, stage.event, stage.payload);
  CHECK(ran.value);
  CHECK(stage.event.type == "ticket.opened");
  CHECK(stage.event.actor_json == R"("ann")");
  CHECK(stage.event.occurred_at_ms == 5);
  CHECK(stage.event.resource.id == "T-1");
}

TEST_CASE("a type outside emits is an error and changes nothing", "[script]") {
  const auto outcome = normalized(
      "jn.normalize { accepts = {}, emits = { 'ticket.*', 'case.closed' },\n"
      "event = function() return { type = 'issue.opened' } end }");
  CHECK(outcome.error == "rule@v1:2: type 'issue.opened' is not among 'emits'");
  CHECK(outcome.event.type == "ticket.opened");
  CHECK(outcome.event.data_json == R"({"from":"connector"})");
}

TEST_CASE("an error names rule, version and line", "[script]") {
  CHECK(dataOf("local x = 1\nlocal y = x .. {}") ==
        "error: rule@v1:3: attempt to concatenate a table value");
  CHECK(dataOf("error('my words')") == "error: rule@v1:2: my words");
  CHECK(dataOf("\n\nreturn { f = function() end }") ==
        "error: rule@v1:1: result.f: a function is no JSON value");
  CHECK(dataOf("return { a = { b = { 1, 0/0 } } }") ==
        "error: rule@v1:1: result.a.b.2: not a finite number");
  CHECK(dataOf("\nwhile true do end") == "error: rule@v1:3: instruction budget used up");
}

TEST_CASE("views read JSON exactly, lazily and nil-safe", "[script]") {
  const std::string payload =
      R"({"big":9007199254740993,"max":18446744073709551615,"huge":123456789012345678901234567890,)"
      R"("f":1.0,"n":null,"list":[null,2,"x"],"o":{"b":1,"a":2},"t":true,"e":[],"k.v":"dotted"})";
  CHECK(dataOf("return { ev.big, ev.max, ev.huge, ev.f, ev.t }", payload).find("positions") !=
        std::string::npos);  // the top level must have names
  CHECK(
      dataOf("return { l = { ev.big, ev.max, ev.huge, ev.f, ev.t } }", payload) ==
      R"({"l":[9007199254740993,"18446744073709551615","123456789012345678901234567890",1,true]})");
  CHECK(
      dataOf("return { n = ev.n == nil, len = #ev.list, o = #ev.o, x = ev.list[3], d = ev['k.v'] }",
             payload) == R"({"d":"dotted","len":3,"n":true,"o":2,"x":"x"})");
  CHECK(dataOf("local s = '' for k, v in pairs(ev.o) do s = s .. k .. v end return { s = s }",
               payload) == R"({"s":"b1a2"})");
  CHECK(dataOf("local s = '' for i, v in ipairs(ev.list) do s = s .. i .. tostring(v) .. ' ' end "
               "return { s = s }",
               payload) == R"({"s":"1nil 22 3x "})");
  CHECK(dataOf("local n = 0 for _ in pairs(ev.missing) do n = n + 1 end "
               "for _ in ipairs(ev.o) do n = n + 1 end return { n = n, t = type(ev.o) }",
               payload) == R"({"n":0,"t":"table"})");
  CHECK(dataOf("return { list = ev.list, o = ev.o, e = ev.e, max = ev.max }", payload) ==
        R"({"e":[],"list":[null,2,"x"],"max":"18446744073709551615","o":{"b":1,"a":2}})");
}

TEST_CASE("a payload that is no object is still an event", "[script]") {
  CHECK(dataOf("return { n = #ev, first = ev[1].a }", R"([{"a":7},{"a":8}])") ==
        R"({"first":7,"n":2})");
  CHECK(dataOf("return { text = ev }", R"("plain")") == R"({"text":"plain"})");
}

TEST_CASE("results tell arrays from objects", "[script]") {
  CHECK(dataOf("return { a = {}, b = jn.array(), c = jn.array{}, d = {{}}, e = jn.null, f = { x = "
               "nil } }") == R"({"a":{},"b":[],"c":[],"d":[{}],"e":null,"f":{}})");
}

}  // namespace junctor::script
