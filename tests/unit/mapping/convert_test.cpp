#include "fixture.h"

namespace junctor::mapping {

TEST_CASE("fields go both ways through nested places") {
  const Mapping mapping = mappingOf(R"({
    "email": {"external": "properties.email", "transform": ["trim", "lower"]},
    "address.city": {"external": "addresses[0].city"},
    "phone": {"external": "phones[type=work].number"}})");
  const char* canonical = R"({"email":"a@x.com","address":{"city":"Brno"},"phone":"1"})";
  const char* external = R"({"properties":{"email":"a@x.com"},"addresses":[{"city":"Brno"}],)"
                         R"("phones":[{"type":"work","number":"1"}]})";
  CHECK(there(mapping, canonical) == external);
  CHECK(back(mapping, external) == canonical);
}

TEST_CASE("missing, null and empty stay apart") {
  const Mapping mapping = mappingOf(R"({"a":{"external":"A"},"b":{"external":"B"},
                                        "c":{"external":"C"},"d":{"external":"D"}})");
  CHECK(there(mapping, R"({"b":null,"c":"","d":[]})") == R"({"B":null,"C":"","D":[]})");
  CHECK(back(mapping, R"({"B":null,"C":"","D":[]})") == R"({"b":null,"c":"","d":[]})");
  CHECK(issuesOf(*toExternal(mapping, json(R"({"b":null})")), true) ==
        "absent a, absent c, absent d");
}

TEST_CASE("members come out in the order of the fields") {
  const Mapping mapping = mappingOf(R"({"b":{"external":"B"},"a":{"external":"A"}})");
  CHECK(there(mapping, R"({"a":1,"b":2})") == R"({"B":2,"A":1})");
}

TEST_CASE("long numbers arrive digit for digit") {
  const Mapping mapping = mappingOf(R"({"id":{"external":"id","transform":["number"]},
                                        "amount":{"external":"amount"}})");
  CHECK(there(mapping, R"({"id":"820982911946154508","amount":12345678901234567890.10})") ==
        R"({"id":820982911946154508,"amount":12345678901234567890.10})");
}

TEST_CASE("a default is taken for what it says: missing, null or empty") {
  const Mapping only_missing = mappingOf(R"({"last":{"external":"L","default":"?"}})");
  CHECK(there(only_missing, "{}") == R"({"L":"?"})");
  CHECK(there(only_missing, R"({"last":null})") == R"({"L":null})");
  CHECK(there(only_missing, R"({"last":""})") == R"({"L":""})");
  CHECK(back(only_missing, "{}") == R"({"last":"?"})");
  const Mapping all = mappingOf(R"({"last":{"external":"L","default":"?","default_direction":
      "to_external","default_when":["missing","null","empty"]}})");
  CHECK(there(all, R"({"last":null})") == R"({"L":"?"})");
  CHECK(there(all, R"({"last":""})") == R"({"L":"?"})");
  CHECK(back(all, "{}") == "{}");
  CHECK(issuesOf(*toExternal(all, json("{}"))) == "defaulted L");
}

TEST_CASE("a default is canonical and goes through the transforms") {
  const Mapping mapping = mappingOf(
      R"({"status":{"external":"S","transform":[{"enum":[["open",2]]}],"default":"open"}})");
  CHECK(there(mapping, "{}") == R"({"S":2})");
  CHECK(back(mapping, "{}") == R"({"status":"open"})");
}

TEST_CASE("all required fields without a value are named at once, without values") {
  const Mapping mapping = mappingOf(R"({
    "a":{"external":"A","required":true},
    "b":{"external":"B","required":true,"transform":["email"]},
    "c":{"external":"C","required":"from_external"}})");
  const std::string error = there(mapping, R"({"a":null,"b":"secret words"})");
  CHECK(error == "acme Person needs: a (null at a); b (email: is no mail address)");
  CHECK(back(mapping, R"({"A":1,"B":"a@x.com"})") == "acme Person lacks: c (nothing at C)");
}

TEST_CASE("too long text is clipped at a character and reported") {
  const Mapping mapping = mappingOf(R"({"a":{"external":"A","max":3}})");
  const auto out = toExternal(mapping, json(R"({"a":"a☃🎟b"})"));
  CHECK(toJson(out->output) == R"({"A":"a☃🎟"})");
  CHECK(issuesOf(*out) == "clipped A");
  CHECK(back(mapping, R"({"A":"abcdef"})") == R"({"a":"abcdef"})");
}

TEST_CASE("a value that cannot be converted is left out and reported") {
  const Mapping mapping = mappingOf(R"({"a":{"external":"A","transform":["number"]},
                                        "b":{"external":"B"}})");
  const auto out = toExternal(mapping, json(R"({"a":"many","b":1})"));
  CHECK(toJson(out->output) == R"({"B":1})");
  CHECK(issuesOf(*out) == "refused a");
}

TEST_CASE("a value that would not come back is reported as lossy") {
  const Mapping mapping = mappingOf(R"({
    "email":{"external":"E","transform":["lower"]},
    "at":{"external":"T","transform":[{"time":"unix_s"}]},
    "status":{"external":"S","transform":[{"enum":[["solved",4],["closed",4]]}]}})");
  CHECK(issuesOf(*toExternal(mapping, json(R"({"email":"A@x","at":"2026-11-21T08:30:00.123Z",
                                               "status":"closed"})"))) ==
        "lossy E, lossy T, lossy S");
  CHECK(issuesOf(*toExternal(mapping, json(R"({"email":"a@x","at":"2026-11-21T08:30:00.000Z",
                                               "status":"solved"})")))
            .empty());
}

TEST_CASE("a direction keeps a field out of the other one") {
  const Mapping mapping = mappingOf(R"({"id":{"external":"Id","direction":"from_external"},
                                        "note":{"external":"Note","direction":"to_external"}})");
  CHECK(there(mapping, R"({"id":"1","note":"n"})") == R"({"Note":"n"})");
  CHECK(back(mapping, R"({"Id":"1","Note":"n"})") == R"({"id":"1"})");
}

TEST_CASE("two places become one and one two") {
  const Mapping one = mappingOf(
      R"({"name":{"canonical":["first","last"],"external":"name","transform":["join_name"]}})");
  CHECK(there(one, R"({"first":"Ann","last":"Lee"})") == R"({"name":"Ann Lee"})");
  CHECK(back(one, R"({"name":"Ann Lee"})") == R"({"first":"Ann","last":"Lee"})");
  CHECK(there(one, R"({"last":"Lee"})") == R"({"name":"Lee"})");
  CHECK(back(one, R"({"name":"Lee"})") == R"({"last":"Lee"})");
  CHECK(there(one, "{}") == "{}");
  CHECK(back(one, R"({"name":null})") == R"({"first":null,"last":null})");
  CHECK(issuesOf(*toExternal(one, json(R"({"first":"Ann","last":"van Dyk"})"))) == "lossy name");
  const Mapping two =
      mappingOf(R"({"name":{"external":["First","Last"],"transform":["split_name"]}})");
  CHECK(there(two, R"({"name":"Ann Lee"})") == R"({"First":"Ann","Last":"Lee"})");
  CHECK(back(two, R"({"First":"Ann","Last":"Lee"})") == R"({"name":"Ann Lee"})");
}

TEST_CASE("other places are read if the first is missing, not if it is null") {
  const Mapping mapping = mappingOf(R"({"a":{"external":"A","also_read":["B","C.d"]}})");
  CHECK(back(mapping, R"({"C":{"d":3}})") == R"({"a":3})");
  CHECK(back(mapping, R"({"A":null,"B":2})") == R"({"a":null})");
  CHECK(there(mapping, R"({"a":1})") == R"({"A":1})");
}

TEST_CASE("a constant is written and never read") {
  const Mapping mapping = mappingOf(R"({"type":{"constant":"admin","external":"type"}})");
  CHECK(there(mapping, R"({"type":"x"})") == R"({"type":"admin"})");
  CHECK(back(mapping, R"({"type":"admin"})") == "{}");
}

TEST_CASE("the envelope is where the object stands") {
  Value made = document(R"({"a":{"external":"A"}})");
  made.set("envelope", json(R"({"read":["ticket","data.items[0]",""],"write":"ticket"})"));
  const Mapping mapping = *readMapping(made);
  CHECK(there(mapping, R"({"a":1})") == R"({"ticket":{"A":1}})");
  CHECK(back(mapping, R"({"ticket":{"A":1}})") == R"({"a":1})");
  CHECK(back(mapping, R"({"data":{"items":[{"A":2}]}})") == R"({"a":2})");
  CHECK(back(mapping, R"({"A":3})") == R"({"a":3})");
  made.set("envelope", json(R"({"read":["ticket"],"write":"ticket"})"));
  CHECK(back(*readMapping(made), R"({"A":3})") == "acme Person: there is no object at ticket");
}

TEST_CASE("each value says where it came from") {
  Value made = document(R"({"x":{"constant":1,"external":"X"},
    "email":{"external":"E","also_read":"F","transform":["trim","lower"]}})");
  made.set("envelope", json(R"({"read":["data"],"write":"data"})"));
  const auto out = fromExternal(*readMapping(made), json(R"({"data":{"F":"A@x"}})"));
  REQUIRE(out);
  REQUIRE(out->origins.size() == 1);
  const Origin& origin = out->origins.front();
  CHECK(origin.output == "email");
  CHECK(origin.sources == std::vector<std::string>{"data.F"});
  CHECK(origin.field == "email");
  CHECK(origin.index == 1);
  CHECK(origin.transforms == std::vector<std::string>{"lower", "trim"});
  const auto there = toExternal(*readMapping(made), json(R"({"email":"a@x"})"));
  REQUIRE(there->origins.size() == 2);
  CHECK(there->origins[0].sources.empty());
  CHECK(there->origins[1].output == "data.E");
}

TEST_CASE("only objects are converted") {
  const Mapping mapping = mappingOf(R"({"a":{"external":"A"}})");
  for (const char* value : {"null", "[]", "\"x\"", "1"}) {
    CHECK_FALSE(toExternal(mapping, json(value)));
    CHECK_FALSE(fromExternal(mapping, json(value)));
  }
}

TEST_CASE("a round trip lists what does not survive, and why") {
  const Mapping mapping = mappingOf(R"({
    "email":{"external":"E","transform":["lower"]},
    "id":{"external":"Id","direction":"from_external"},
    "note":{"external":"N","direction":"to_external"},
    "stage":{"external":"S","default":"lead"}})");
  const auto trip =
      roundTrip(mapping, json(R"({"email":"A@x","id":"1","note":"n","more":{"deep":1}})"));
  REQUIRE(trip);
  CHECK_FALSE(trip->holds());
  std::vector<std::string> lost;
  for (const Loss& loss : trip->losses) lost.push_back(loss.path + ": " + loss.why);
  CHECK(lost == std::vector<std::string>{"email: lossy: comes back as \"a@x\"",
                                         "id: only from the provider", "note: only to the provider",
                                         "more.deep: no field maps it"});
  REQUIRE(trip->added.size() == 1);
  CHECK(trip->added.front().path == "stage");
}

}  // namespace junctor::mapping
