#include "fixture.h"

namespace junctor::mapping {
namespace {

std::vector<std::string> problemsOf(std::string_view fields) {
  Problems problems;
  readMapping(document(fields), problems);
  std::vector<std::string> out;
  for (const Problem& problem : problems) out.push_back(describe(problem));
  return out;
}

}  // namespace

TEST_CASE("a mapping is written as it was read") {
  const Value whole = json(R"({"format":"junctor.mapping/1","connector":"acme","object":"ticket",
    "external":"Case","version":3,"description":"d","owner":"external",
    "envelope":{"read":["data",""],"write":"data"},
    "fields":{
      "kind":{"constant":{"a":1.50},"external":"K"},
      "email":{"external":"E","also_read":["F","G"],"transform":["trim",{"enum":[["a",1]]}],
               "required":true,"max":80,"default":null,"default_when":["missing","null"],
               "default_direction":"to_external","owner":"canonical","key":true,"note":"n"},
      "name":{"canonical":["first","last"],"external":"name","transform":["join_name"],
              "required":"to_external","direction":"to_external"}},
    "samples":[{"name":"s","direction":"to_external","canonical":{"first":"A"},"external":{},
                "lost":["first"]}]})");
  const auto mapping = readMapping(whole);
  REQUIRE(mapping);
  CHECK(writeMapping(*mapping) == whole);
  CHECK(toJson(writeMapping(*readMapping(writeMapping(*mapping)))) ==
        toJson(writeMapping(*mapping)));
}

TEST_CASE("every problem is reported, each with the path of its key") {
  CHECK(problemsOf(R"({"a":{"extrenal":"A"},"b":{"external":"B[","max":0,"direction":"sideways",
                       "transform":["trim","frobnicate"]},"c":{"external":"C","key":"yes"}})") ==
        std::vector<std::string>{
            "fields.a.extrenal: unknown key", "fields.a.external: is required",
            "fields.b.external: path \"B[\": a name is missing",
            "fields.b.transform[1]: unknown transform \"frobnicate\"",
            "fields.b.max: must be an integer from 1 to 10000000",
            "fields.b.direction: must be one of both, to_external, from_external",
            "fields.c.key: must be true or false"});
}

TEST_CASE("the head of a mapping is strict too") {
  Problems problems;
  readMapping(json(R"({"format":"2","connector":"","object":"person","external":"x","extra":1,
                       "fields":{},"version":"1","samples":[{"canonical":1}]})"),
              problems);
  std::string all;
  for (const Problem& problem : problems) all += describe(problem) + "\n";
  for (const char* expected :
       {"extra: unknown key", "format: must be", "connector: is required", "object: must be one of",
        "version: must be", "fields: must be an object with at least one field",
        "samples[0].name: is required", "samples[0].canonical: must be an object",
        "samples[0].external: must be an object"}) {
    INFO(expected << " in\n" << all);
    CHECK(all.find(expected) != std::string::npos);
  }
}

TEST_CASE("what has no meaning together is refused") {
  CHECK(problemsOf(R"({"a":{"constant":1,"external":"A","transform":["trim"]}})") ==
        std::vector<std::string>{"fields.a.transform: a constant has no such key"});
  CHECK(problemsOf(R"({"a":{"external":"A","default_when":["null"]}})") ==
        std::vector<std::string>{"fields.a.default_when: there is no default"});
  CHECK(problemsOf(R"({"a":{"external":""}})") ==
        std::vector<std::string>{"fields.a.external: a path is empty"});
  CHECK(problemsOf(R"({"a":{"external":[]}})") ==
        std::vector<std::string>{"fields.a.external: is empty"});
}

TEST_CASE("anything but an object is refused without a crash") {
  for (const char* text : {"null", "[]", "1", "\"x\"", "{}", R"({"fields":[]})",
                           R"({"fields":{"a":null}})", R"({"envelope":1,"fields":{"a":{}}})"}) {
    CHECK_FALSE(readMapping(json(text)));
  }
}

}  // namespace junctor::mapping
