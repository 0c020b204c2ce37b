#include "script_fixture.h"

namespace junctor::script {
namespace {

const char* const kRoutes = R"lua(
return jn.route {
  version = 7,
  fanout  = "all",
  rules = {
    { name = "spam", priority = 100,
      when = { type = "ticket.*", ["requester.email"] = "*@spam.example" },
      drop = "spam sender", stop = true },
    { name = "vip-urgent", priority = 50,
      when  = { type = "ticket.{opened,updated}", priority = { "urgent", "high" },
                tags = { any = { "vip" } } },
      to    = { "slack:#vip-escalations", "pagerduty:support" } },
    { name = "business-hours", priority = 10, when = { type = "ticket.*" },
      where = function(ev, ctx) local h = ctx.local_hour("UTC") return h >= 8 and h < 18 end,
      to    = "slack:#support", key = "requester.email" },
    { name = "archive", priority = 0, when = {}, to = "s3:events" },
  },
  otherwise = "dlq:unrouted",
}
)lua";

std::string routed(const Ruleset& rules, const Event& event, JsonView payload,
                   Trace* trace = nullptr) {
  const auto ran = makeRuleRunner()->route(rules, event, payload, trace);
  if (ran.error) return "error: " + ran.error->rule + ": " + ran.error->message;
  if (ran.value.dropped) return "dropped: " + ran.value.reason;
  if (ran.value.targets.empty()) return ran.value.reason;
  std::string all;
  for (const RouteTarget& target : ran.value.targets) {
    if (!all.empty()) all += ' ';
    all += target.route + ">" + target.destination;
    if (!target.order_key.empty()) all += "[" + target.order_key + "]";
  }
  return all;
}

}  // namespace

TEST_CASE("routes fan out by priority, where and key", "[script]") {
  const auto rules = mustCompile(kRoutes);
  CHECK(rules->routeCount() == 4);
  CHECK(rules->destinations() == std::vector<std::string>{"dlq:unrouted", "pagerduty:support",
                                                          "s3:events", "slack:#support",
                                                          "slack:#vip-escalations"});
  Stage stage("{}",
              R"({"priority":"urgent","tags":["vip"],"requester":{"email":"ann@example.com"}})");
  CHECK(routed(*rules, stage.event, stage.payload) ==
        "vip-urgent>slack:#vip-escalations vip-urgent>pagerduty:support "
        "business-hours>slack:#support[ann@example.com] archive>s3:events");
}

TEST_CASE("routes drop, stop, fall through and time out of hours", "[script]") {
  const auto rules = mustCompile(kRoutes);
  const std::string spam = R"({"requester":{"email":"x@spam.example"}})";
  Stage dropped("{}", spam);
  CHECK(routed(*rules, dropped.event, dropped.payload) == "dropped: spam sender");
  Stage night("{}", R"({"requester":{"email":"a@b.c"}})");
  night.event.received_at_ms = 1'789'950'000'000;  // 00:20 UTC
  CHECK(routed(*rules, night.event, night.payload) == "archive>s3:events");
  Stage push("{}");
  push.event.type = "push";
  CHECK(routed(*rules, push.event, push.payload) == "archive>s3:events");
}

namespace {

std::string routes(const std::string& rules, const std::string& more = "") {
  const auto compiled = mustCompile("jn.route { rules = { " + rules + " }" + more + " }");
  Stage stage(R"({"a":1})");
  return routed(*compiled, stage.event, stage.payload);
}

}  // namespace

TEST_CASE("priority decides, then the order of writing", "[script]") {
  CHECK(routes(
            "{ to = 'c' }, { to = 'a', priority = 5 }, { to = 'd' }, { to = 'b', priority = 1 }") ==
        "#2>a #4>b #1>c #3>d");
}

TEST_CASE("first ends with the first match, stop ends where it stands", "[script]") {
  CHECK(routes("{ to = 'a', when = { a = 2 } }, { to = 'b' }, { to = 'c' }",
               ", fanout = 'first'") == "#2>b");
  CHECK(routes("{ to = 'a' }, { to = 'b', stop = true }, { to = 'c' }") == "#1>a #2>b");
}

TEST_CASE("otherwise is for events that no rule matched", "[script]") {
  CHECK(routes("{ to = 'a', when = { a = 2 } }", ", otherwise = 'rest'") == "otherwise>rest");
  CHECK(routes("{ to = 'a', when = { a = 2 } }", ", otherwise = { 'r1', { 'r2' } }") ==
        "otherwise>r1 otherwise>r2");
  CHECK(routes("{ to = 'a' }", ", otherwise = 'rest'") == "#1>a");
  CHECK(routes("{ drop = 'no' }", ", otherwise = 'rest'") == "dropped: no");
  CHECK(routes("{ to = 'a', when = { a = 2 } }") == "no route matched");
}

TEST_CASE("a drop keeps what rules before it decided", "[script]") {
  CHECK(routes("{ to = 'audit', priority = 9 }, { drop = 'noise' }, { to = 'late' }") ==
        "#1>audit");
}

TEST_CASE("a destination gets an event once", "[script]") {
  CHECK(routes("{ to = { 'a', 'b' } }, { to = { 'b', 'c', 'a' } }") == "#1>a #1>b #2>c");
}

TEST_CASE("tables of routes are independent", "[script]") {
  const auto rules = mustCompile(
      "jn.route { rules = {{ drop = 'x' }} }\n"
      "jn.route { rules = {{ to = 'a' }} }\n"
      "jn.route { rules = {{ to = 'b', when = { a = 9 } }}, otherwise = 'c' }");
  Stage stage(R"({"a":1})");
  CHECK(routed(*rules, stage.event, stage.payload) == "#1>a otherwise>c");
}

TEST_CASE("where sees the envelope first, then data, then payload", "[script]") {
  const auto rules = mustCompile(R"lua(
    local function is(text, f) return { name = text, to = text, where = f } end
    jn.route { rules = {
      is("type", function(ev) return ev.type == "ticket.opened" and ev.data.type == "inner" end),
      is("open", function(ev) return ev.level == "data" and ev.payload.level == "payload" end),
      is("payload", function(ev) return ev.only == 1 end),
      is("resource", function(ev)
        return ev.resource.type == "ticket" and ev.resource.id == nil end),
      is("absent", function(ev) return ev.occurred_at == nil and ev.actor.login == nil end),
      is("ctx", function(ev, ctx) return ctx.source == "generic" and ctx.integration == "helpdesk"
        and ctx.tenant == "demo" and ctx.id == ev.id
        and ctx.received_at == "2026-09-21T14:13:20.000Z" end),
      is("never", function(ev) return nil end),
    } }
  )lua");
  Stage stage(R"({"level":"payload","only":1})", R"({"level":"data","type":"inner"})");
  stage.event.resource.type = "ticket";
  CHECK(routed(*rules, stage.event, stage.payload) ==
        "type>type open>open payload>payload resource>resource absent>absent ctx>ctx");
}

TEST_CASE("an error in where fails the routing as a whole", "[script]") {
  const auto rules = mustCompile(
      "jn.route { rules = { { to = 'a' },\n{ to = 'b', where = function(ev) return ev.a.b.c + 1 "
      "end } } }");
  Stage stage("{}");
  const auto ran = makeRuleRunner()->route(*rules, stage.event, stage.payload);
  REQUIRE(ran.error);
  CHECK(ran.error->rule == "rule@v1:2");
  CHECK(ran.error->message ==
        "attempt to perform arithmetic on a nil value (field 'c') (last read: a is absent)");
  CHECK_FALSE(ran.error->budget);
  CHECK(ran.value.targets.empty());
}

TEST_CASE("more destinations than a delivery may have are an error", "[script]") {
  std::string to;
  for (size_t i = 0; i <= limits::kDeliveriesPerEventMax; ++i)
    to += "'d" + std::to_string(i) + "', ";
  CHECK(routes("{ to = {" + to + "} }") == "error: rule@v1:0: too many destinations for one event");
}

TEST_CASE("rules built in a loop are found again by name", "[script]") {
  const auto rules = mustCompile(R"lua(
    local rules = {}
    for name, wanted in pairs({ a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8 }) do
      rules[#rules + 1] = { name = name, to = name, where = function(ev) return ev.n == wanted end }
    end
    jn.route { rules = rules }
  )lua");
  for (const auto& [n, name] : {std::pair("1", "a"), std::pair("5", "e"), std::pair("8", "h")}) {
    Stage stage("{\"n\":" + std::string(n) + "}");
    CHECK(routed(*rules, stage.event, stage.payload) == std::string(name) + ">" + name);
  }
}

TEST_CASE("the index gives the same answers as trying every rule", "[script]") {
  std::string list;
  const char* const kTypes[] = {"'a.x'",
                                "'a.*'",
                                "{ 'a.x', 'b.x' }",
                                "{ 'a.{x,y}' }",
                                "{ 'c.*', 'b.y' }",
                                "'*'",
                                "{ not_ = 'a.x' }",
                                "{ exists = true }",
                                "'b.{x,z}'"};
  for (const char* type : kTypes) {
    list += "{ to = 'd" + std::to_string(list.size()) + "', when = { type = " + type + " } }, ";
  }
  const auto rules = mustCompile("jn.route { rules = { " + list + " { to = 'all' } } }");
  for (const char* type : {"a.x", "a.y", "a.z", "b.x", "b.y", "b.z", "c.x", "d", ""}) {
    INFO(type);
    Stage stage("{}");
    stage.event.type = type;
    Trace trace;
    CHECK(routed(*rules, stage.event, stage.payload) ==
          routed(*rules, stage.event, stage.payload, &trace));
    CHECK(trace.lines.size() == std::size(kTypes) + 1);
  }
}

TEST_CASE("a trace tells which clause failed and on what", "[script]") {
  const auto rules = mustCompile(R"lua(jn.route { rules = {
    { name = "low", to = "a", when = { n = { gt = 3 } } },
    { name = "tag", to = "b", when = { tag = "x" } },
    { name = "fn", to = "c", where = function(ev) jn.log("n is", ev.n) return false end },
    { name = "yes", to = "d" } } })lua");
  Stage stage(R"({"n":2,"tag":["x"]})");
  Trace trace;
  CHECK(routed(*rules, stage.event, stage.payload, &trace) == "yes>d");
  CHECK(trace.lines == std::vector<std::string>{"route rule@v1 'low': no, n is 2",
                                                "route rule@v1 'tag': no, tag is [\"x\"]",
                                                "log: n is 2",
                                                "route rule@v1 'fn': no, 'where' said no",
                                                "route rule@v1 'yes': matched"});
}

}  // namespace junctor::script
