#include "flow/rule_diff.h"

#include <catch2/catch.hpp>

namespace junctor::flow {
namespace {

script::RulesetPtr rulesOf(const std::string& source) {
  auto rules = script::compileRules({{"acme", "r", source, "v"}});
  if (!rules) FAIL(rules.error().message);
  return *rules;
}

std::string normalizer(const std::string& result) {
  return "jn.normalize { accepts = {}, event = function(ev) return " + result +
         " end }\njn.route { rules = { { name = 'a', when = { big = true }, to = 'pager' } }, "
         "otherwise = 'archive' }";
}

RuleOutcome outcomeOf(const std::string& source, const std::string& payload) {
  Event event;
  event.type = "thing";
  JsonDoc document;
  const auto view = document.parse(payload);
  REQUIRE(view);
  const auto runner = script::makeRuleRunner();
  return evaluate(*runner, *rulesOf(source), event, *view);
}

std::string diffOf(const std::string& before, const std::string& after,
                   const std::string& payload = "{}") {
  std::string all;
  for (const Difference& one : differences(outcomeOf(before, payload), outcomeOf(after, payload))) {
    all += one.path + ": " + one.before + " -> " + one.after + "; ";
  }
  return all;
}

TEST_CASE("versions that do the same have no difference", "[flow][rules]") {
  const std::string same = normalizer("{ a = 1, list = { 1, 2 } }");
  CHECK(diffOf(same, "-- another text\n" + same) == "");
}

TEST_CASE("differences are told by path, list items together", "[flow][rules]") {
  CHECK(diffOf(normalizer("{ a = 1, gone = 'x', list = { { n = 1 }, { n = 2 } } }"),
               normalizer("{ a = 2, new = true, list = { { n = 1 }, { n = 3 } } }")) ==
        "data.a: 1 -> 2; data.gone: \"x\" -> ; data.list[].n: 2 -> 3; data.new:  -> true; ");
  CHECK(diffOf(normalizer("{ type = 'a.b', id = 1 }"), normalizer("{ type = 'a.c', id = 2 }"))
            .starts_with("type: a.b -> a.c; resource.id: 1 -> 2; "));
}

TEST_CASE("what would be sent where is part of the difference", "[flow][rules]") {
  CHECK(diffOf(normalizer("{ big = true }"), normalizer("{ big = false }"))
            .find("to: pager -> archive") != std::string::npos);
}

TEST_CASE("an error is a difference, with the same error on both sides none", "[flow][rules]") {
  const std::string broken = normalizer("{ a = ev.x.y + 1 }");
  const std::string diff = diffOf(normalizer("{ a = 1 }"), broken);
  CHECK(diff.find("error:  -> r@v:1: ") != std::string::npos);
  CHECK(diffOf(broken, "-- later\n" + broken) == "");
}

TEST_CASE("a comparison counts events, changes and errors by path", "[flow][rules]") {
  Comparison total;
  const std::string before = normalizer("{ n = ev.n }");
  const std::string after = normalizer("{ n = ev.n * 2 }");
  for (const char* payload : {R"({"n":0})", R"({"n":1})", R"({"n":2})", R"({"n":"x"})"}) {
    total.add(outcomeOf(before, payload), outcomeOf(after, payload));
  }
  CHECK(total.events == 4);
  CHECK(total.changed == 3);
  CHECK(total.errors_before == 0);
  CHECK(total.errors_after == 1);
  CHECK(total.paths.at("data.n").events == 2);
  CHECK(total.paths.at("data.n").before == "1");
  CHECK(total.paths.at("data.n").examples.size() == 2);
  CHECK(total.paths.at("error").events == 1);
}

}  // namespace
}  // namespace junctor::flow
