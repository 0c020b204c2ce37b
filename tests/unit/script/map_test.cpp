// jn.map, mapped targets and the helpers around mappings.
#include "script_fixture.h"

namespace junctor::script {
namespace {

using mapping::Value;

const char* const kContacts = R"lua(
local stage = jn.bimap { lead = "Lead", mql = "Marketing Qualified", customer = "Customer" }
local function two_way(remote, opt)
  return { email   = { remote.email,   using = jn.lower, key = true, required = true },
           first   = { remote.first,   max = 40 },
           last    = { remote.last,    max = 80, default = "(unknown)" },
           phone   = { remote.phone,   using = jn.e164("CZ") },
           stage   = { remote.stage,   using = stage, owner = "remote" },
           revenue = { remote.revenue, using = jn.number, dir = "in" },
           updated = { remote.updated, using = opt.time, dir = "in" } }
end
jn.map {
  version = 4, entity = "contact",
  salesforce = { object = "Contact", fields = two_way({ email = "Email", first = "FirstName",
    last = "LastName", phone = "Phone", stage = "Stage__c", revenue = "Account.AnnualRevenue",
    updated = "LastModifiedDate" }, { time = jn.iso8601 }) },
  hubspot = { object = "contacts", fields = two_way({ email = "properties.email",
    first = "properties.firstname", last = "properties.lastname", phone = "properties.phone",
    stage = "properties.lifecyclestage", revenue = "properties.annualrevenue",
    updated = "properties.lastmodifieddate" }, { time = jn.unix_ms }) },
  after_out = function(out, c)
    if c.first and c.last and out.properties then
      out.properties.full_name = c.first .. " " .. c.last
    end
  end,
}
jn.route { rules = { { when = {}, to = { "agent", { "crm", map = "salesforce/contact" },
                                         { "crm", map = "hubspot/contact" } } } } }
)lua";

Value valueOf(const std::string& json) {
  auto value = mapping::parseValue(json);
  REQUIRE(value);
  return *value;
}

std::string converted(const std::string& script, const std::string& name,
                      mapping::Direction direction, const std::string& object) {
  const auto rules = mustCompile(script);
  const auto ran = makeRuleRunner()->convert(*rules, name, direction, valueOf(object));
  return ran.error ? "error: " + ran.error->message : mapping::toJson(ran.value.output);
}

Routed routedOf(const std::string& script, const std::string& data, Trace* trace = nullptr) {
  const auto rules = mustCompile(script);
  const Stage stage("{}", data);
  const auto ran = makeRuleRunner()->route(*rules, stage.event, stage.payload, trace);
  REQUIRE_FALSE(ran.error);
  return ran.value;
}

constexpr auto kOut = mapping::Direction::ToExternal;
constexpr auto kIn = mapping::Direction::FromExternal;

TEST_CASE("a mapping declared in Lua converts both ways", "[script][map]") {
  CHECK(converted(kContacts, "salesforce/contact", kIn,
                  R"({"Email":"Ann@X.com","FirstName":"Ann","Phone":"777 123 456",)"
                  R"("Stage__c":"Customer","Account":{"AnnualRevenue":"12.5"}})") ==
        R"x({"email":"ann@x.com","first":"Ann","last":"(unknown)","phone":"+420777123456",)x"
        R"("revenue":12.5,"stage":"customer"})");
  CHECK(
      converted(kContacts, "hubspot/contact", kOut,
                R"({"email":"ann@x.com","first":"Ann","last":"Lee","stage":"mql","revenue":3})") ==
      R"({"properties":{"email":"ann@x.com","firstname":"Ann","full_name":"Ann Lee",)"
      R"("lastname":"Lee","lifecyclestage":"Marketing Qualified"}})");
}

TEST_CASE("a target with a mapping gets the mapped object as its body", "[script][map]") {
  const Routed routed = routedOf(kContacts, R"({"email":"a@b.cz","first":"A","last":"B"})");
  REQUIRE(routed.targets.size() == 3);
  CHECK(routed.targets[0].body_json.empty());
  CHECK(routed.targets[1].body_json == R"({"Email":"a@b.cz","FirstName":"A","LastName":"B"})");
  CHECK(routed.targets[1].mapping.starts_with("salesforce/contact@"));
  CHECK(routed.targets[2].destination == "crm");
  CHECK(routed.targets[2].body_json.find("full_name") != std::string::npos);
}

TEST_CASE("what a mapping cannot do is told for its target alone", "[script][map]") {
  const Routed routed = routedOf(kContacts, R"({"first":"A"})");
  REQUIRE(routed.targets.size() == 3);
  CHECK(routed.targets[0].problem.empty());
  CHECK(routed.targets[1].problem.find("email") != std::string::npos);
  CHECK(routed.targets[1].body_json.empty());
  const Routed without = routedOf(kContacts, "");
  CHECK(without.targets[1].problem.find("no canonical data") != std::string::npos);
}

TEST_CASE("an error in after_out names rule and line", "[script][map]") {
  const std::string script = R"(jn.map { entity = "contact", crm = { fields = { a = "A" } },
  after_out = function(out) return out.A.b + 1 end }
jn.route { rules = { { when = {}, to = { { "x", map = "crm/contact" } } } } })";
  const Routed routed = routedOf(script, R"({"a":"text"})");
  CHECK(routed.targets.at(0).problem.find("rule@v1:2") != std::string::npos);
}

TEST_CASE("a route to an unknown mapping is refused, and told which there are", "[script][map]") {
  const std::string error = refusal(R"(
jn.map { entity = "ticket", desk = { fields = { a = "A" } } }
jn.route { rules = { { when = {}, to = { { "x", map = "desk/tickets" } } } } })");
  CHECK(error.find("there is no mapping 'desk/tickets'; known: desk/ticket") != std::string::npos);
}

TEST_CASE("what jn.map says wrong is refused by name", "[script][map]") {
  const auto refused = [](const std::string& table) { return refusal("jn.map " + table); };
  CHECK(refused("{ desk = { fields = { a = 'A' } } }").find("'entity' is missing") !=
        std::string::npos);
  CHECK(refused("{ entity = 'ticket' }").find("no connector") != std::string::npos);
  CHECK(
      refused("{ entity = 'ticket', desk = { fields = { a = { 'A', using = function() end } } } }")
          .find("after_in") != std::string::npos);
  CHECK(refused("{ entity = 'ticket', desk = { fields = { a = { 'A', maxx = 3 } } } }")
            .find("maxx") != std::string::npos);
  CHECK(refused("{ entity = 'ticket', desk = { fields = { a = { 'A', using = 'nothing' } } } }")
            .find("nothing") != std::string::npos);
  CHECK(
      refused("{ entity = 'ticket', desk = { fields = { a = 'A', b = 'A' } } }").find("refused") ==
      std::string::npos);
}

TEST_CASE("rules see the shipped mappings, and their own over them", "[script][map]") {
  std::vector<std::string> problems;
  const auto shipped = mapping::Book::shipped(JUNCTOR_SOURCE_DIR "/scripts/mappings", problems);
  CHECK(problems.empty());
  CHECK(shipped->all().size() == 35);
  const auto overridden = mapping::Book::over(
      shipped, {{"salesforce", "contact", R"({"fields":{"phone":{"transform":[{"e164":"CZ"}]}}})"}},
      problems);
  CHECK(problems.empty());
  CHECK(overridden->find("salesforce/contact")->from == mapping::Entry::From::Overridden);
  CHECK(overridden->find("zendesk/ticket") == shipped->find("zendesk/ticket"));
  const auto rules =
      compileRules({scriptOf(R"(return jn.normalize { accepts = {}, event = function(ev)
  local c, issues = jn.from_external("salesforce/contact", ev)
  c.type = "contact.updated"
  c.issues = #issues
  return c
end })")},
                   {overridden, {}});
  REQUIRE(rules);
  Stage stage(R"({"Email":"A@B.cz ","Phone":"777 123 456","LastName":"X"})");
  const auto ran = makeRuleRunner()->normalize(**rules, stage.event, stage.payload);
  if (ran.error) FAIL(ran.error->message);
  CHECK(stage.event.type == "contact.updated");
  CHECK(stage.event.data_json ==
        R"({"email":"a@b.cz","issues":2,"last":"X","phone":"+420777123456"})");
}

TEST_CASE("overrides of nothing and broken mappings are left out, and told", "[script][map]") {
  std::vector<std::string> problems;
  const auto book =
      mapping::Book::over(nullptr, {{"a", "b", "{}"}, {"c", "d", "not json"}}, problems);
  CHECK(problems.size() == 2);
  CHECK(book->all().empty());
}

TEST_CASE("lookup tables answer by key, with any JSON value", "[script][map]") {
  const auto rules =
      compileRules({scriptOf(R"(return jn.normalize { accepts = {}, event = function(ev, ctx)
  return { team = jn.lookup("teams", ev.id).name, same = ctx.lookup("teams", "7").size,
           none = jn.lookup("teams", "x") == nil, nokey = jn.lookup("teams", ev.nothing) == nil }
end })")},
                   {nullptr, {{"teams", R"({"7":{"name":"blue","size":9007199254740993}})"}}});
  REQUIRE(rules);
  Stage stage(R"({"id":7})");
  const auto ran = makeRuleRunner()->normalize(**rules, stage.event, stage.payload);
  if (ran.error) FAIL(ran.error->message);
  CHECK(stage.event.data_json ==
        R"({"nokey":true,"none":true,"same":9007199254740993,"team":"blue"})");
}

TEST_CASE("helpers around mappings", "[script][map]") {
  CHECK(dataOf(R"(return { a = jn.e164("777 123 456", "CZ"), b = jn.e164("+1 202 555 0123"),
    none = jn.e164("hello") == nil, nothing = jn.e164(nil) == nil })") ==
        R"({"a":"+420777123456","b":"+12025550123","none":true,"nothing":true})");
  CHECK(dataOf(R"(local s = jn.bimap { lead = "Lead", won = "Closed Won" }
    return { out = s("won"), back = s("Lead", "in"), none = s("x") == nil })") ==
        R"({"back":"lead","none":true,"out":"Closed Won"})");
  CHECK(dataOf(
            R"(local own = { x = jn.null }
    return { null = jn.has(ev, "a"), absent = jn.has(ev, "b"), own = jn.has(own, "x"),
             nothing = jn.has(nil, "x"), empty = jn.has(ev, "e") })",
            R"({"a":null,"e":""})") ==
        R"({"absent":false,"empty":true,"nothing":false,"null":true,"own":true})");
  CHECK(dataOf("return { v = jn.lookup('t', 'k') }").find("there is no table 't'") !=
        std::string::npos);
  CHECK(refusal("local x = jn.lookup('t', 'k') " + normalizerOf("")).find("not at the top level") !=
        std::string::npos);
}

TEST_CASE("numbers pass a mapping digit for digit", "[script][map]") {
  const std::string script =
      R"(jn.map { entity = "deal", crm = { fields = { id = "Id", sum = "Sum" } } })";
  CHECK(converted(script, "crm/deal", kOut,
                  R"({"id":18446744073709551615,"sum":12345678901234567890.12})") ==
        R"({"Id":18446744073709551615,"Sum":12345678901234567890.12})");
}

TEST_CASE("a traced run tells reads, absent fields, clauses, lines and provenance",
          "[script][map]") {
  Trace trace;
  trace.details = true;
  routedOf(kContacts, R"({"email":"a@b.cz"})", &trace);
  REQUIRE(trace.mapped.size() == 2);
  CHECK(trace.mapped[0].origins.at(0).output == "Email");
  CHECK(trace.mapped[0].origins.at(0).sources == std::vector<std::string>{"email"});

  const auto rules = mustCompile(R"(return jn.normalize { accepts = {},
event = function(ev)
  if ev.never.there then
    return nil
  end
  return { s = ev.ticket.subject, l = ev.list[2] }
end })");
  Stage stage(R"({"ticket":{"subject":"Hi"},"list":[1,2]})");
  Trace seen;
  seen.details = true;
  REQUIRE_FALSE(makeRuleRunner()->normalize(*rules, stage.event, stage.payload, &seen).error);
  std::string reads;
  for (const auto& read : seen.reads) reads += read.path + "=" + read.value + ";";
  CHECK(reads == "never=;ticket={…};ticket.subject=\"Hi\";list=[…];list.2=2;");
  CHECK(seen.hits.at("rule@v1").contains(6));
  CHECK_FALSE(seen.hits.at("rule@v1").contains(4));
}

TEST_CASE("a rule's error says which field it read last", "[script][map]") {
  const std::string said = dataOf("return { n = ev.amount + 1 }", R"({"amount":"twelve"})");
  CHECK(said.find("(last read: amount = \"twelve\")") != std::string::npos);
}

TEST_CASE("tracing does not change the fuel", "[script][map]") {
  const auto rules =
      mustCompile(normalizerOf("local n = 0 for i = 1, 5000 do n = n + i end return { n = n }"));
  Stage stage;
  Trace plain;
  Trace detailed;
  detailed.details = true;
  const auto runner = makeRuleRunner();
  REQUIRE_FALSE(runner->normalize(*rules, stage.event, stage.payload, &plain).error);
  REQUIRE_FALSE(runner->normalize(*rules, stage.event, stage.payload, &detailed).error);
  CHECK(plain.fuel == detailed.fuel);
}

}  // namespace
}  // namespace junctor::script
