#include "fixture.h"

namespace junctor::mapping {
namespace {

Transform transform(std::string_view text) {
  auto made = readTransform(json(text));
  INFO((made ? std::string() : made.error().message));
  REQUIRE(made);
  return *made;
}

std::string to(std::string_view with, std::string_view value) {
  const auto out = apply(transform(with), json(value), Direction::ToExternal);
  return out ? toJson(*out) : "refused: " + out.error().message;
}

std::string from(std::string_view with, std::string_view value) {
  const auto out = apply(transform(with), json(value), Direction::FromExternal);
  return out ? toJson(*out) : "refused: " + out.error().message;
}

bool refused(const std::string& result) {
  return result.starts_with("refused: ");
}

}  // namespace

TEST_CASE("null passes every transform") {
  for (const char* with : {R"("trim")", R"("email")", R"({"e164":"CZ"})", R"("number")",
                           R"({"time":"unix_s"})", R"({"enum":[["a","b"]]})", R"({"join":","})",
                           R"({"each":["lower"]})", R"({"member":"id"})", R"("adf")"}) {
    CHECK(to(with, "null") == "null");
    CHECK(from(with, "null") == "null");
  }
}

TEST_CASE("text is normalized in both directions") {
  CHECK(to(R"("trim")", R"("  a b\n ")") == R"("a b")");
  CHECK(from(R"("lower")", R"("AbÉ")") == R"("abÉ")");
  CHECK(to(R"("upper")", R"("abé")") == R"("ABé")");
  CHECK(to(R"("email")", R"(" Ann Lee <Ann@X.com> ")") == R"("ann@x.com")");
  for (const char* bad : {R"("ann")", R"("a@")", R"("@x.com")", R"("a@b@c")", R"("a b@c.d")",
                          R"("a@.c")", R"("a@c..d")", R"("")", "7", "[]"}) {
    INFO(bad);
    CHECK(refused(to(R"("email")", bad)));
  }
}

TEST_CASE("phone numbers become E.164") {
  CHECK(to(R"({"e164":"CZ"})", R"("777 123 456")") == R"("+420777123456")");
  CHECK(to(R"({"e164":"GB"})", R"("020 7946 0958")") == R"("+442079460958")");
  CHECK(to(R"({"e164":"US"})", R"("(415) 555-2671")") == R"("+14155552671")");
  CHECK(to(R"({"e164":"US"})", R"("1-415-555-2671")") == R"("+14155552671")");
  CHECK(to(R"({"e164":"IT"})", R"("06 1234 5678")") == R"("+390612345678")");
  CHECK(to(R"("e164")", R"("00420 777 123 456")") == R"("+420777123456")");
  CHECK(from(R"("e164")", R"("+1 415.555.2671")") == R"("+14155552671")");
  for (const char* bad : {R"("777 123 456")", R"("+12")", R"("+1234567890123456")", R"("555-BILL")",
                          R"("")", R"("+0123456789")"}) {
    INFO(bad);
    CHECK(refused(to(R"("e164")", bad)));
  }
  CHECK(refused(to(R"({"e164":"CZ"})", R"("12345")")));
}

TEST_CASE("numbers and texts convert exactly") {
  CHECK(to(R"("number")", R"("12345678901234567890.10")") == "12345678901234567890.10");
  CHECK(from(R"("number")", "820982911946154508") == R"("820982911946154508")");
  CHECK(to(R"("text")", "0.10") == R"("0.10")");
  CHECK(from(R"("text")", R"("-1e5")") == "-1e5");
  for (const char* bad : {R"("")", R"("007")", R"("1,000")", R"(" 1")", R"("NaN")", "true", "{}"}) {
    INFO(bad);
    CHECK(refused(to(R"("number")", bad)));
  }
}

TEST_CASE("the decimal point moves without rounding") {
  CHECK(to(R"({"shift":2})", "12.34") == "1234");
  CHECK(from(R"({"shift":2})", "1234") == "12.34");
  CHECK(to(R"({"shift":2})", "-0.05") == "-5");
  CHECK(from(R"({"shift":2})", "-5") == "-0.05");
  CHECK(to(R"({"shift":2})", "12.345") == "1234.5");
  CHECK(to(R"({"shift":3})", "98765432109876543210.123") == "98765432109876543210123");
  CHECK(to(R"({"shift":2})", "0") == "0");
  CHECK(from(R"({"shift":2})", "1000") == "10");
  CHECK(refused(to(R"({"shift":2})", "1e3")));
}

TEST_CASE("booleans become words and words booleans") {
  CHECK(to(R"({"bool":["yes","no"]})", "true") == R"("yes")");
  CHECK(from(R"({"bool":["yes","no"]})", R"("no")") == "false");
  CHECK(refused(from(R"({"bool":["yes","no"]})", R"("maybe")")));
  CHECK(refused(to(R"({"bool":["yes","no"]})", R"("yes")")));
}

TEST_CASE("times change their form") {
  const char* time = R"("2026-11-21T08:30:00.123Z")";
  CHECK(to(R"({"time":"unix_ms"})", time) == "1795249800123");
  CHECK(to(R"({"time":"unix_s"})", time) == "1795249800");
  CHECK(to(R"({"time":"date"})", time) == R"("2026-11-21")");
  CHECK(to(R"({"time":"rfc3339_s"})", time) == R"("2026-11-21T08:30:00Z")");
  CHECK(to(R"({"time":"offset"})", time) == R"("2026-11-21T08:30:00.123+0000")");
  CHECK(to(R"({"time":"%d/%m/%Y %H:%M"})", time) == R"("21/11/2026 08:30")");
  CHECK(from(R"({"time":"unix_ms"})", "1795249800123") == time);
  CHECK(from(R"({"time":"unix_s"})", R"("1795249800")") == R"("2026-11-21T08:30:00.000Z")");
  CHECK(from(R"({"time":"unix_s"})", R"("2026-11-21T08:30:00+00:00")") ==
        R"("2026-11-21T08:30:00.000Z")");
  CHECK(from(R"({"time":"offset"})", R"("2019-02-15T19:01:52.971-0800")") ==
        R"("2019-02-16T03:01:52.971Z")");
  CHECK(from(R"({"time":"%d/%m/%Y %H:%M"})", R"("21/11/2026 08:30")") ==
        R"("2026-11-21T08:30:00.000Z")");
  CHECK(from(R"({"time":"unix_ms"})", "-1") == R"("1969-12-31T23:59:59.999Z")");
  CHECK(to(R"({"time":"unix_s"})", R"("1969-12-31T23:59:59.999Z")") == "-1");
}

TEST_CASE("what is no time is refused") {
  for (const char* bad : {R"("2026-02-29T00:00:00Z")", R"("2026-13-01")", R"("2026-11-21T25:00Z")",
                          R"("tomorrow")", R"("")", R"("2026-11-21T08:30:00+99:00")", "true"}) {
    INFO(bad);
    CHECK(refused(to(R"({"time":"unix_s"})", bad)));
    CHECK(refused(from(R"({"time":"rfc3339"})", bad)));
  }
  CHECK(refused(from(R"({"time":"unix_s"})", "99999999999999999")));
  CHECK(refused(from(R"({"time":"unix_s"})", "1.5")));
}

TEST_CASE("an enum maps words of any plain type, the first pair that fits wins") {
  const char* table = R"({"enum":[["open",2],["waiting",3],["open","Open"],["yes",true]]})";
  CHECK(to(table, R"("open")") == "2");
  CHECK(from(table, R"("Open")") == R"("open")");
  CHECK(from(table, "3") == R"("waiting")");
  CHECK(from(table, "true") == R"("yes")");
  CHECK(refused(to(table, R"("lost")")));
  CHECK(refused(from(table, R"("3")")));
}

TEST_CASE("an enum has a default for each direction") {
  const char* table = R"({"enum":[["a","A"]],"to_default":"Z","from_default":"z"})";
  CHECK(to(table, R"("q")") == R"("Z")");
  CHECK(from(table, R"("Q")") == R"("z")");
}

TEST_CASE("names are joined and split at the last space") {
  CHECK(to(R"("join_name")", R"(["Ann Marie","Lee"])") == R"("Ann Marie Lee")");
  CHECK(to(R"("join_name")", R"([null,"Lee"])") == R"("Lee")");
  CHECK(from(R"("join_name")", R"(" Ann Marie  Lee ")") == R"(["Ann Marie","Lee"])");
  CHECK(from(R"("join_name")", R"("Lee")") == R"([null,"Lee"])");
  CHECK(to(R"("split_name")", R"("Ann Lee")") == R"(["Ann","Lee"])");
}

TEST_CASE("lists are joined and split") {
  CHECK(to(R"({"join":", "})", R"(["a","b"])") == R"("a, b")");
  CHECK(from(R"({"join":", "})", R"("a,b , c")") == R"(["a","b","c"])");
  CHECK(from(R"({"join":", "})", R"("")") == "[]");
  CHECK(to(R"({"split":"|"})", R"("a|b")") == R"(["a","b"])");
  CHECK(refused(to(R"({"join":","})", R"([1])")));
}

TEST_CASE("prefix, suffix, member, list and each have exact inverses") {
  CHECK(to(R"({"prefix":"cus_"})", R"("1")") == R"("cus_1")");
  CHECK(from(R"({"prefix":"cus_"})", R"("cus_1")") == R"("1")");
  CHECK(refused(from(R"({"prefix":"cus_"})", R"("sub_1")")));
  CHECK(from(R"({"suffix":"Z"})", R"("aZ")") == R"("a")");
  CHECK(to(R"({"member":"name"})", R"("x")") == R"({"name":"x"})");
  CHECK(from(R"({"member":"name"})", R"({"id":1,"name":"x"})") == R"("x")");
  CHECK(refused(from(R"({"member":"name"})", R"({"id":1})")));
  CHECK(to(R"("list")", R"("x")") == R"(["x"])");
  CHECK(to(R"({"each":["upper",{"member":"n"}]})", R"(["a","b"])") == R"([{"n":"A"},{"n":"B"}])");
  CHECK(from(R"({"each":[{"member":"n"}]})", R"([{"n":"A"}])") == R"(["A"])");
}

TEST_CASE("a document of Atlassian is text, and text a document") {
  CHECK(from(R"("adf")", to(R"("adf")", R"("one\n\ntwo ☃")")) == R"("one\n\ntwo ☃")");
  CHECK(from(R"("adf")", to(R"("adf")", R"("")")) == R"("")");
  CHECK(from(R"("adf")", R"("already text")") == R"("already text")");
  CHECK(from(R"("adf")", R"({"type":"doc","version":1,"content":[
          {"type":"heading","attrs":{"level":1},"content":[{"type":"text","text":"Head"}]},
          {"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph",
            "content":[{"type":"text","text":"a "},
              {"type":"mention","attrs":{"text":"@Ann"}}]}]}]}]})") == R"("Head\na @Ann")");
  CHECK(refused(from(R"("adf")", "{}")));
}

TEST_CASE("the text of HTML and the domain of an address are one-way") {
  CHECK(from(R"("html")", R"("<p>a &amp; <b>b</b></p><p>c<br>d</p>")") == R"("a & b\nc\nd")");
  CHECK(to(R"("domain")", R"("Ann@X.com")") == R"("x.com")");
  CHECK(inverseOf(transform(R"("html")")) == Inverse::None);
  CHECK(inverseOf(transform(R"({"each":["domain"]})")) == Inverse::None);
  CHECK(inverseOf(transform(R"({"each":["trim"]})")) == Inverse::Normal);
  CHECK(inverseOf(transform(R"("text")")) == Inverse::Exact);
}

TEST_CASE("a transform is written as it was read") {
  for (const char* text :
       {R"("trim")", R"({"e164":"CZ"})", R"("e164")", R"({"shift":-2})", R"({"bool":["y","n"]})",
        R"({"time":"%Y%m%d"})", R"({"enum":[["a",1]],"to_default":2,"from_default":"b"})",
        R"({"each":["trim",{"member":"id"}]})", R"({"join":", "})"}) {
    CHECK(toJson(writeTransform(transform(text))) == text);
  }
}

TEST_CASE("a transform that is not known, or has a wrong argument, is refused") {
  for (const char* text : {R"("trimm")",
                           R"({"e164":"XX"})",
                           R"({"time":"iso"})",
                           R"({"time":"%Q"})",
                           R"({"time":"%Y-%m-%d %"})",
                           R"({"time":"%H:%M"})",
                           R"({"shift":99})",
                           R"({"shift":"2"})",
                           R"({"bool":["y","y"]})",
                           R"({"enum":[]})",
                           R"({"enum":[["a"]]})",
                           R"({"enum":[["a",{}]]})",
                           R"({"enum":[["a",1],["a",1]]})",
                           R"({"enum":[["a",1]],"other":1})",
                           R"({"each":[]})",
                           R"({"each":["nope"]})",
                           R"("join")",
                           R"({"join":""})",
                           R"({"trim":"x"})",
                           "[]",
                           "{}",
                           R"({"prefix":"a","extra":1})"}) {
    INFO(text);
    CHECK_FALSE(readTransform(json(text)));
  }
}

}  // namespace junctor::mapping
