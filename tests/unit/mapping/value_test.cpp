#include "fixture.h"

namespace junctor::mapping {

TEST_CASE("numbers pass as they were written") {
  const std::string text =
      R"({"a":9007199254740993,"b":-9223372036854775808,"c":18446744073709551615,)"
      R"("d":123456789012345678901234567890,"e":0.10,"f":12345678901234567.89,"g":1e2})";
  CHECK(toJson(json(text)) == text);
}

TEST_CASE("members keep their order") {
  CHECK(toJson(json(R"({"z":1,"a":{"y":2,"b":3}})")) == R"({"z":1,"a":{"y":2,"b":3}})");
}

TEST_CASE("what is no JSON is refused") {
  for (const char* text : {"", "{", "[1,]", "{\"a\":1,}", "nul", "01", "1.", "\"\\x\"", "\"\xff\"",
                           "{\"a\":1} x", "1e400"}) {
    INFO(text);
    CHECK_FALSE(parseValue(text));
  }
}

TEST_CASE("a doubled key is refused with its name") {
  CHECK(parseValue(R"({"a":{"b":1,"b":2}})").error().message.find("\"b\"") != std::string::npos);
}

TEST_CASE("nesting beyond the limit is refused") {
  CHECK(parseValue(std::string(128, '[') + std::string(128, ']')));
  CHECK_FALSE(parseValue(std::string(129, '[') + std::string(129, ']')));
  CHECK_FALSE(parseValue(std::string(1'000'000, '[')));
}

TEST_CASE("objects are equal in any order, numbers only as written") {
  CHECK(json(R"({"a":1,"b":2})") == json(R"({"b":2,"a":1})"));
  CHECK_FALSE(json(R"({"a":1})") == json(R"({"a":1.0})"));
  CHECK_FALSE(json(R"({"a":null})") == json("{}"));
  CHECK_FALSE(json(R"(["1"])") == json("[1]"));
}

TEST_CASE("a JSON number is told from other text") {
  for (const char* text : {"0", "-0", "10", "0.5", "-1.25e+10", "1E5"}) CHECK(isJsonNumber(text));
  for (const char* text : {"", "-", "01", "+1", "1.", ".5", "1e", "0x1", "1 ", " 1", "NaN"}) {
    INFO(text);
    CHECK_FALSE(isJsonNumber(text));
  }
}

TEST_CASE("an indented text reads as the same value") {
  const Value value = json(R"({"a":[],"b":{},"c":[1,[2,{"d":null}]],"e":["x","y"]})");
  CHECK(json(toJson(value, 2)) == value);
  CHECK(toJson(json(R"({"e":["x","y"]})"), 2) == "{\n  \"e\": [\"x\", \"y\"]\n}");
}

}  // namespace junctor::mapping
