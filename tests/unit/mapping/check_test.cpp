#include "fixture.h"

namespace junctor::mapping {
namespace {

std::vector<std::string> findingsOf(const Value& made) {
  std::vector<std::string> out;
  for (const Finding& finding : checkDocument(made)) out.push_back(describe(finding));
  return out;
}

std::vector<std::string> findings(std::string_view fields) {
  return findingsOf(document(fields));
}

using Findings = std::vector<std::string>;

}  // namespace

TEST_CASE("a sound mapping has no findings") {
  CHECK(findings(R"({"email":{"external":"E","transform":["trim","email"]},
                     "phone":{"external":"p[t=a].n"},"mobile":{"external":"p[t=b].n"}})")
            .empty());
}

TEST_CASE("two fields that write one place are found, nested ones too") {
  CHECK(findings(R"({"a":{"external":"X"},"b":{"external":"X"}})") ==
        Findings{"fields.b.external: X is written by fields.a too (X)"});
  CHECK(findings(R"({"a":{"external":"X.y"},"b":{"external":"X"}})") ==
        Findings{"fields.b.external: X is written by fields.a too (X.y)"});
  CHECK(findings(R"({"a":{"external":"A"},"b":{"canonical":"a","external":"B"}})") ==
        Findings{"fields.b.canonical: a is written by fields.a too (a)"});
}

TEST_CASE("one place may be written in one direction and another in the other") {
  CHECK(findings(R"({"a":{"external":"W","direction":"to_external"},
                     "a_read":{"canonical":"a","external":"R","direction":"from_external"}})")
            .empty());
}

TEST_CASE("a transform without inverse needs a direction") {
  CHECK(findings(R"({"a":{"external":"A","transform":["trim","html"]}})") ==
        Findings{"fields.a.transform[1]: html has no inverse, so the field needs a direction"});
  CHECK(findings(R"({"a":{"external":"A","transform":["html"],"direction":"from_external"}})")
            .empty());
}

TEST_CASE("words that come back as others are a warning") {
  const Value made = document(
      R"({"a":{"external":"A","transform":[{"enum":[["solved",4],["closed",4],["closed",5]]}]}})");
  CHECK(findingsOf(made) ==
        Findings{"warning: fields.a.transform[0]: \"closed\" comes back as \"solved\"",
                 "warning: fields.a.transform[0]: \"closed\" comes back as \"solved\""});
  CHECK_FALSE(hasErrors(checkDocument(made)));
}

TEST_CASE("a default that the transforms refuse is found") {
  CHECK(findings(R"({"a":{"external":"A","transform":[{"enum":[["x",1]]}],"default":"y"}})") ==
        Findings{"fields.a.default: enum: the value is not in the table"});
}

TEST_CASE("several places need a transform that makes or takes a list") {
  CHECK(findings(R"({"n":{"canonical":["a","b"],"external":"N"}})").size() == 1);
  CHECK(findings(R"({"n":{"external":["A","B"],"transform":["trim"]}})").size() == 1);
  CHECK(findings(R"({"n":{"canonical":["a","b","c"],"external":"N","transform":["join_name"]}})")
            .size() == 1);
  CHECK(findings(R"({"n":{"canonical":["a","b","c"],"external":"N","transform":[{"join":"-"}]}})")
            .empty());
  CHECK(findings(R"({"n":{"external":["A","B"],"also_read":"C","transform":["split_name"]}})")
            .size() == 1);
}

TEST_CASE("an envelope must read what it writes") {
  Value made = document(R"({"a":{"external":"A"}})");
  made.set("envelope", json(R"({"read":["data"],"write":"ticket"})"));
  REQUIRE(findingsOf(made).size() == 1);
  CHECK(findingsOf(made)[0].starts_with("envelope.read: must contain \"ticket\""));
  made.set("envelope", json(R"({"write":"ticket"})"));
  CHECK(findingsOf(made).size() == 1);
}

TEST_CASE("a sample is proven: both conversions, and what survives") {
  Value made = document(R"({"a":{"external":"A"},"b":{"external":"B","transform":["lower"]}})");
  const auto with = [&made](const char* samples) {
    made.set("samples", json(samples));
    return findingsOf(made);
  };
  CHECK(with(R"([{"name":"s","canonical":{"a":1,"b":"x"},"external":{"A":1,"B":"x"}}])").empty());
  CHECK(with(R"([{"name":"s","canonical":{"a":1},"external":{"A":2}}])") ==
        Findings{"samples[0].external: gives another value: {\"A\":1}"});
  CHECK(with(R"([{"name":"s","canonical":{"a":1,"b":"X","c":1},"external":{"A":1,"B":"x"}}])") ==
        Findings{"samples[0].canonical.b: does not survive: lossy: comes back as \"x\"",
                 "samples[0].canonical.c: does not survive: no field maps it"});
  CHECK(with(R"([{"name":"s","canonical":{"b":"X"},"external":{"B":"x"},"lost":["b"]}])").empty());
  CHECK(with(R"([{"name":"s","canonical":{"b":"x"},"external":{"B":"x"},"lost":["b"]}])") ==
        Findings{"samples[0].lost: b survives after all"});
  CHECK(with(R"([{"name":"s","direction":"from_external","canonical":{"a":1},
                  "external":{"A":1,"Z":9}}])")
            .empty());
  CHECK(with(R"([{"name":"s","direction":"from_external","canonical":{"a":2},
                  "external":{"A":1}}])") ==
        Findings{"samples[0].canonical: gives another value: {\"a\":1}"});
}

TEST_CASE("a document that cannot be read is only read") {
  CHECK(findingsOf(json("{}")).size() >= 4);
  CHECK(hasErrors(checkDocument(json("[]"))));
}

}  // namespace junctor::mapping
