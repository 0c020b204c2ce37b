#include "fixture.h"

namespace junctor::mapping {
namespace {

Path path(std::string_view text) {
  auto made = Path::parse(text);
  INFO((made ? std::string() : made.error().message));
  REQUIRE(made);
  return *made;
}

std::string found(std::string_view text, std::string_view in) {
  const Value root = json(in);
  const Value* value = path(text).read(root);
  return value ? toJson(*value) : "missing";
}

std::string written(std::string_view text, std::string_view in) {
  Value root = json(in);
  const auto done = path(text).write(root, Value::integer(7));
  return done ? toJson(root) : done.error().message;
}

}  // namespace

TEST_CASE("a path reads members, items by index and items by key") {
  const char* in = R"({"a":{"b":1},"l":[10,{"t":"work","v":20},)"
                   R"({"t":"home","v":30},{"t":2,"v":40}],"o.d":{"x":5}})";
  CHECK(found("a.b", in) == "1");
  CHECK(found("l[0]", in) == "10");
  CHECK(found("l[1].v", in) == "20");
  CHECK(found("l[t=home].v", in) == "30");
  CHECK(found("l[t=2].v", in) == "40");
  CHECK(found("l[t=\"2\"].v", in) == "missing");
  CHECK(found("[\"o.d\"].x", in) == "5");
  CHECK(found("l[9]", in) == "missing");
  CHECK(found("l[t=car].v", in) == "missing");
  CHECK(found("a.b.c", in) == "missing");
  CHECK(found("", R"({"a":1})") == R"({"a":1})");
}

TEST_CASE("a null that is there is not missing") {
  CHECK(found("a", R"({"a":null})") == "null");
  CHECK(found("a.b", R"({"a":null})") == "missing");
}

TEST_CASE("a write makes what is on the way") {
  CHECK(written("a.b.c", "{}") == R"({"a":{"b":{"c":7}}})");
  CHECK(written("a[2]", "{}") == R"({"a":[null,null,7]})");
  CHECK(written("a[t=work].v", "{}") == R"({"a":[{"t":"work","v":7}]})");
  CHECK(written("a[t=work].v", R"({"a":[{"t":"home"},{"t":"work","v":1}]})") ==
        R"({"a":[{"t":"home"},{"t":"work","v":7}]})");
  CHECK(written("[\"o.d\"]", "{}") == R"({"o.d":7})");
}

TEST_CASE("a write never replaces a value by a container") {
  CHECK(written("a.b", R"({"a":1})") == "a.b: its parent holds another value");
  CHECK(written("a[0]", R"({"a":{"b":1}})") == "a[0]: its parent holds another value");
}

TEST_CASE("what is no path is refused with its text") {
  for (const char* text : {"a..b", ".a", "a.", "a[", "a[]", "a[x]", "a[100]", "a[-1]", "a[1",
                           "a[=b]", "a[b=]", "a[\"x]", "a]b", "a[0]b", "a[99999999999999999999]"}) {
    INFO(text);
    const auto made = Path::parse(text);
    REQUIRE_FALSE(made);
    CHECK(made.error().message.starts_with("path \""));
  }
  CHECK_FALSE(Path::parse("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a"));
}

TEST_CASE("paths overlap if one is inside the other") {
  CHECK(path("a").overlaps(path("a.b")));
  CHECK(path("a.b").overlaps(path("a.b")));
  CHECK_FALSE(path("a.b").overlaps(path("a.c")));
  CHECK_FALSE(path("a[t=1].v").overlaps(path("a[t=2].v")));
  CHECK_FALSE(path("ab").overlaps(path("a")));
}

}  // namespace junctor::mapping
