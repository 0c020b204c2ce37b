// The two JSON readers of the host: JsonDoc (simdjson, event path) and parseJson (nlohmann).
// Suite: tests/data/json/test_parsing (nst/JSONTestSuite).
#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "base/files.h"
#include "base/json.h"
#include "base/json_doc.h"
#include "base/json_value.h"
#include "base/limits.h"

namespace junctor {
namespace {

const std::string kSuite = JUNCTOR_TEST_DATA "/json/test_parsing/";

std::vector<std::string> suite(char kind) {
  const auto all = listFolder(kSuite);
  REQUIRE(all);
  std::vector<std::string> names;
  for (const std::string& name : *all) {
    if (name.front() == kind) names.push_back(name);
  }
  return names;
}

std::string load(const std::string& name) {
  const auto text = readFile(kSuite + name);
  REQUIRE(text);
  return *text;
}

struct Decision {
  bool doc;    // JsonDoc takes it
  bool parse;  // parseJson takes it
};
constexpr Decision kTaken{true, true}, kRefused{false, false}, kOnlyDoc{true, false},
    kOnlyParse{false, true};

// What the suite leaves to us. Numbers beyond the machine's are kept as their literal by JsonDoc
// (a provider's long id must not cost the event); parseJson reads what people write and refuses
// what it cannot hold, but skips the byte order mark that some editors write. Bytes that are no
// UTF-8 and lone surrogates are refused, as RFC 8259 §8.1 allows. Depth ends at
// limits::kJsonDepthMax.
const std::map<std::string, Decision> kDecisions = {
    {"i_number_double_huge_neg_exp.json", kTaken},  // rounds to 0
    {"i_number_huge_exp.json", kOnlyDoc},
    {"i_number_neg_int_huge_exp.json", kOnlyDoc},
    {"i_number_pos_double_huge_exp.json", kOnlyDoc},
    {"i_number_real_neg_overflow.json", kOnlyDoc},
    {"i_number_real_pos_overflow.json", kOnlyDoc},
    {"i_number_real_underflow.json", kTaken},         // rounds to 0
    {"i_number_too_big_neg_int.json", kTaken},        // a double in parseJson
    {"i_number_too_big_pos_int.json", kTaken},        // a double in parseJson
    {"i_number_very_big_negative_int.json", kTaken},  // a double in parseJson
    {"i_object_key_lone_2nd_surrogate.json", kRefused},
    {"i_string_1st_surrogate_but_2nd_missing.json", kRefused},
    {"i_string_1st_valid_surrogate_2nd_invalid.json", kRefused},
    {"i_string_UTF-16LE_with_BOM.json", kRefused},
    {"i_string_UTF-8_invalid_sequence.json", kRefused},
    {"i_string_UTF8_surrogate_U+D800.json", kRefused},
    {"i_string_incomplete_surrogate_and_escape_valid.json", kRefused},
    {"i_string_incomplete_surrogate_pair.json", kRefused},
    {"i_string_incomplete_surrogates_escape_valid.json", kRefused},
    {"i_string_invalid_lonely_surrogate.json", kRefused},
    {"i_string_invalid_surrogate.json", kRefused},
    {"i_string_invalid_utf-8.json", kRefused},
    {"i_string_inverted_surrogates_U+1D11E.json", kRefused},
    {"i_string_iso_latin_1.json", kRefused},
    {"i_string_lone_second_surrogate.json", kRefused},
    {"i_string_lone_utf8_continuation_byte.json", kRefused},
    {"i_string_not_in_unicode_range.json", kRefused},
    {"i_string_overlong_sequence_2_bytes.json", kRefused},
    {"i_string_overlong_sequence_6_bytes.json", kRefused},
    {"i_string_overlong_sequence_6_bytes_null.json", kRefused},
    {"i_string_truncated-utf-8.json", kRefused},
    {"i_string_utf16BE_no_BOM.json", kRefused},
    {"i_string_utf16LE_no_BOM.json", kRefused},
    {"i_structure_500_nested_arrays.json", kRefused},         // deeper than the limit
    {"i_structure_UTF-8_BOM_empty_object.json", kOnlyParse},  // editors write it
};

// Valid by the grammar; parseJson refuses repeated keys, where the writer's intent is unknown.
bool repeatsKey(const std::string& name) {
  return name.starts_with("y_object_duplicated_key");
}

std::string nested(size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("what is no JSON is refused by both readers", "[json]") {
  JsonDoc document;
  const auto names = suite('n');
  CHECK(names.size() == 188);
  for (const std::string& name : names) {
    INFO(name);
    const std::string text = load(name);
    CHECK_FALSE(document.parse(text));
    CHECK_FALSE(checkJson(text));
    CHECK_FALSE(parseJson(text));
  }
}

TEST_CASE("what is JSON is taken by both readers", "[json]") {
  JsonDoc document;
  const auto names = suite('y');
  CHECK(names.size() == 95);
  for (const std::string& name : names) {
    INFO(name);
    const std::string text = load(name);
    CHECK(document.parse(text));
    CHECK(checkJson(text));
    CHECK(parseJson(text).has_value() == !repeatsKey(name));
  }
}

TEST_CASE("what the grammar leaves open is decided by a table", "[json]") {
  JsonDoc document;
  const auto names = suite('i');
  CHECK(names.size() == kDecisions.size());
  for (const std::string& name : names) {
    INFO(name);
    const auto decision = kDecisions.find(name);
    REQUIRE(decision != kDecisions.end());
    const std::string text = load(name);
    CHECK(document.parse(text).has_value() == decision->second.doc);
    CHECK(parseJson(text).has_value() == decision->second.parse);
  }
}

TEST_CASE("both readers stop at the same depth", "[json]") {
  JsonDoc document;
  CHECK(document.parse(nested(limits::kJsonDepthMax)));
  CHECK(parseJson(nested(limits::kJsonDepthMax)));
  CHECK_FALSE(document.parse(nested(limits::kJsonDepthMax + 1)));
  CHECK_FALSE(parseJson(nested(limits::kJsonDepthMax + 1)));
}

TEST_CASE("200,000 brackets crash nothing", "[json]") {
  JsonDoc document;
  for (const char* unit : {"[", "{\"a\":"}) {
    std::string text;
    for (int i = 0; i < 200'000; ++i) text += unit;
    CHECK_FALSE(document.parse(text));
    CHECK_FALSE(parseJson(text));
  }
  CHECK_FALSE(document.parse(nested(200'000)));
  CHECK_FALSE(parseJson(nested(200'000)));
}

TEST_CASE("64-bit integers are exact and longer numbers keep their digits", "[json]") {
  JsonDoc document;
  const auto root = document.parse(
      R"({"min":-9223372036854775808,"max":9223372036854775807,"u":18446744073709551615,)"
      R"("over":18446744073709551616,"under":-9223372036854775809,)"
      R"("long":[123456789012345678901234],)"
      R"("exp":1e400,"text":"1e400","third":0.1,"quote\"":-1E-5})");
  REQUIRE(root);
  CHECK(root->find("min").asInt() == INT64_MIN);
  CHECK(root->find("max").asInt() == INT64_MAX);
  CHECK(root->find("u").asUint() == UINT64_MAX);
  CHECK_FALSE(root->find("u").asInt());
  CHECK(root->find("over").asString() == "18446744073709551616");
  CHECK(root->find("under").asString() == "-9223372036854775809");
  CHECK(root->find("long").at(0).asString() == "123456789012345678901234");
  CHECK(root->find("exp").asString() == "1e400");
  CHECK(root->find("text").asString() == "1e400");
  CHECK(root->find("third").asDouble() == 0.1);
  CHECK(root->find("quote\"").asDouble() == -1e-5);
}

TEST_CASE("decimals with more digits than a double holds keep them all", "[json]") {
  JsonDoc document;
  const char* const kLong = "0.1000000000000000055511151231257827";
  const auto root =
      document.parse(std::string(R"({"a":)") + kLong + R"(,"b": -12345678901234567.25 ,)" +
                     R"("c":[0.30000000000000004,1.10,2.50000000000000000000,1e22,)" +
                     R"(1.7976931348623157e308,123456.789],"d":"0.12345678901234567890",)" +
                     R"("e":"x,0.12345678901234567890,","f":1e-400,"g":0.00000000000000000001})");
  REQUIRE(root);
  CHECK(root->find("a").asString() == kLong);
  CHECK(root->find("b").asString() == "-12345678901234567.25");
  for (size_t i = 0; i < root->find("c").size(); ++i) {
    INFO(i);
    CHECK(root->find("c").at(i).type() == JsonType::Double);
  }
  CHECK(root->find("c").at(0).asDouble() == 0.30000000000000004);
  CHECK(root->find("c").at(2).asDouble() == 2.5);
  CHECK(root->find("d").asString() == "0.12345678901234567890");
  CHECK(root->find("e").asString() == "x,0.12345678901234567890,");
  CHECK(root->find("g").asDouble() == 1e-20);
  CHECK(root->dump().find(kLong) != std::string::npos);
  // Wherever it stands among others.
  for (size_t shift = 0; shift < 40; ++shift) {
    const auto shifted =
        document.parse("[\"" + std::string(shift, 'x') + "\",1.23456789012345678]");
    REQUIRE(shifted);
    CHECK(shifted->at(1).asString() == "1.23456789012345678");
  }
  CHECK(document.parse("\"" + std::string(2'000'000, '1') + "\""));  // in no time
}

TEST_CASE("an image is read in place as the document was", "[json]") {
  for (const std::string text :
       {R"({"a":[1,-2,3.5,18446744073709551615,true,null,"é\u0000x"],"b":{"c":""},"last":"text"})",
        R"({"n":[2449958197289549824,7782220156096217088,7782220156096217090,2.5]})", "[]", "7",
        R"({"long":0.1000000000000000055511151231257827,"n":[1,1.5]})", R"("only")",
        R"([[[]],{}])"}) {
    INFO(text);
    JsonDoc document;
    const auto root = document.parse(text);
    REQUIRE(root);
    std::vector<uint64_t> bytes(root->imageBytes() / 8);
    REQUIRE(bytes.size() * 8 == root->imageBytes());
    root->writeImage(reinterpret_cast<char*>(bytes.data()));
    JsonDoc reader;
    const std::string_view image(reinterpret_cast<const char*>(bytes.data()), bytes.size() * 8);
    const auto there = reader.openImage(image);
    REQUIRE(there);
    CHECK(there->dump() == root->dump());
    CHECK_FALSE(reader.openImage(image.substr(0, 16)));
    REQUIRE(reader.parse("[1]"));
    CHECK(reader.root().dump() == "[1]");
    REQUIRE(reader.openImage(image));
    CHECK(reader.root().dump() == root->dump());
  }
  CHECK(JsonView().imageBytes() == 0);
}

TEST_CASE("a long number in a broken text does not mend it", "[json]") {
  JsonDoc document;
  for (const char* text : {"[18446744073709551616", "[01844674407370955161600]", "{1e400:1}",
                           "[18446744073709551616 1]", "[+18446744073709551616]", "[1e400e]"}) {
    INFO(text);
    CHECK_FALSE(document.parse(text));
  }
}

TEST_CASE("views walk in document order and repeated keys answer with the first", "[json]") {
  JsonDoc document;
  const auto root = document.parse(R"({"z":1,"a":[10,{"k":null},"s"],"z":2,"a/b":{"~":true}})");
  REQUIRE(root);
  std::string keys;
  for (auto it = root->begin(), end = root->end(); it != end; ++it)
    keys += std::string(it.key()) + ",";
  CHECK(keys == "z,a,z,a/b,");
  CHECK(root->find("z").asInt() == 1);
  CHECK(root->size() == 4);
  CHECK(root->find("a").size() == 3);
  CHECK(root->find("a").at(2).asString() == "s");
  CHECK_FALSE(root->find("a").at(3).valid());
  CHECK(root->pointer("/a/1/k").type() == JsonType::Null);
  CHECK(root->pointer("/a~1b/~0").asBool() == true);
  CHECK_FALSE(root->pointer("/a/9").valid());
  CHECK(root->find("a").dump() == R"([10,{"k":null},"s"])");
}

TEST_CASE("an absent view answers every question", "[json]") {
  const JsonView absent;
  CHECK_FALSE(absent.valid());
  CHECK(absent.type() == JsonType::Null);
  CHECK_FALSE(absent.find("x").valid());
  CHECK_FALSE(absent.at(0).valid());
  CHECK_FALSE(absent.pointer("/x").valid());
  CHECK(absent.size() == 0);
  CHECK(absent.asString().empty());
  CHECK_FALSE(absent.asInt());
  CHECK(absent.scalarText().empty());
  CHECK_FALSE(absent.begin() != absent.end());
}

TEST_CASE("scalars as text keep their JSON form", "[json]") {
  JsonDoc document;
  const auto root = document.parse(R"(["t",-7,18446744073709551615,1.5,true,null,[],{}])");
  REQUIRE(root);
  std::string all;
  for (size_t i = 0; i < root->size(); ++i) all += root->at(i).scalarText() + "|";
  CHECK(all ==
        "t|-7|18446744073709551615|1.5|true|||"
        "|");
}

TEST_CASE("a document is reused for texts of any size", "[json]") {
  JsonDoc document;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{63}, size_t{64}, size_t{20'000},
                            size_t{300'000}, size_t{10}}) {
    const std::string text = "\"" + std::string(size, 'x') + "\"";
    const auto root = document.parse(text);
    REQUIRE(root);
    CHECK(root->asString().size() == size);
  }
  CHECK_FALSE(document.parse(""));
  CHECK_FALSE(document.root().valid());
}

}  // namespace junctor
