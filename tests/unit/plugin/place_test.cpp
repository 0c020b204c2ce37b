#include "plugin/connector.h"

#include <catch2/catch.hpp>

namespace junctor::plugin {
namespace {

std::string keyOf(const std::vector<std::string>& texts, const Headers& headers,
                  std::string_view query, std::string_view body) {
  std::vector<Place> places;
  for (const std::string& text : texts) places.push_back(parsePlace(text).value());
  JsonDoc document;
  const auto parsed = document.parse(body);
  return deliveryKey(places, headers, query, parsed ? *parsed : JsonView());
}

}  // namespace

TEST_CASE("a place is a header, a query parameter, a pointer or names joined by dots") {
  CHECK(parsePlace("header:X-Id")->header == "X-Id");
  CHECK(parsePlace("query:id")->query == "id");
  CHECK(parsePlace("/a/0/b")->json == "/a/0/b");
  CHECK(parsePlace("a.b")->json == "/a/b");
  CHECK(parsePlace("a/b~c")->json == "/a~1b~0c");
  for (const char* wrong : {"", "header:", "query:"}) CHECK_FALSE(parsePlace(wrong));
}

TEST_CASE("the first place that holds a value is the key") {
  CHECK(keyOf({"header:x-id", "id"}, {{"X-Id", "h"}}, "", R"({"id":"b"})") == "h");
  CHECK(keyOf({"header:x-id", "id"}, {{"X-Id", ""}}, "", R"({"id":"b"})") == "b");
  CHECK(keyOf({"id"}, {}, "", R"({"id":820982911946154508})") == "820982911946154508");
  CHECK(keyOf({"id"}, {}, "", R"({"id":{"no":1}})") == "");
  CHECK(keyOf({"id"}, {}, "", R"({"id":null})") == "");
  CHECK(keyOf({"id"}, {}, "", "no json") == "");
  CHECK(keyOf({"query:a b"}, {}, "x&a+b=1%2F2&a+b=3", "") == "1/2");
  CHECK(keyOf({"query:a"}, {}, "b=1", "") == "");
}

TEST_CASE("a key that is long or not clean text is kept as its hash") {
  const std::string longest(256, 'k');
  CHECK(keyOf({"header:k"}, {{"K", longest}}, "", "") == longest);
  const std::string hash = keyOf({"header:k"}, {{"K", longest + "k"}}, "", "");
  CHECK(hash.size() == 71);
  CHECK(hash.starts_with("sha256:"));
  CHECK(keyOf({"header:k"}, {{"K", longest + "j"}}, "", "") != hash);
  CHECK(keyOf({"header:k"}, {{"K", "\xff\x01"}}, "", "").starts_with("sha256:"));
}

}  // namespace junctor::plugin
