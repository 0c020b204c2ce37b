#include "fixture.h"

namespace junctor::mapping {

TEST_CASE("the owner's value wins, and what the owner lacks is filled in") {
  const Mapping mapping = mappingOf(R"({"email":{"external":"E"},"phone":{"external":"P"},
      "stage":{"external":"S","owner":"external"},"city":{"external":"C","owner":"external"}})");
  const auto out = reconcile(mapping, json(R"({"email":"ours","stage":"lead","more":1})"),
                             json(R"({"E":"theirs","P":"1","S":"customer"})"));
  REQUIRE(out);
  CHECK(toJson(out->output) == R"({"email":"ours","stage":"customer","more":1,"phone":"1"})");
  CHECK(issuesOf(*out) == "kept email");
}

TEST_CASE("a mapping may give everything to the provider") {
  Value made = document(R"({"a":{"external":"A"},"b":{"external":"B","owner":"canonical"}})");
  made.set("owner", Value::text("external"));
  const auto out =
      reconcile(*readMapping(made), json(R"({"a":1,"b":1})"), json(R"({"A":2,"B":2})"));
  CHECK(toJson(out->output) == R"({"a":2,"b":1})");
}

}  // namespace junctor::mapping
