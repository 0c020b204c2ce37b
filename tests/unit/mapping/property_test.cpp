// Random values from a seed: what a transform calls lossless is.
#include "base/random.h"
#include "fixture.h"

namespace junctor::mapping {
namespace {

constexpr int kRounds = 2'000;

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  size_t below(size_t count) { return random_.next() % count; }
  Value text(size_t max = 12) {
    static const std::string_view kPieces[] = {"a",  "Z", "7", " ", "☃", "🎟", "é",  "\"", "\\",
                                               "\n", "<", "&", "=", "]", ".",  "\t", "0",  "-"};
    std::string out;
    for (size_t size = below(max + 1); size > 0; --size) out += kPieces[below(std::size(kPieces))];
    return Value::text(std::move(out));
  }
  Value word() {
    std::string out;
    for (size_t size = 1 + below(8); size > 0; --size) {
      out += static_cast<char>('a' + static_cast<char>(below(26)));
    }
    return Value::text(std::move(out));
  }
  Value integer() { return Value::integer(static_cast<int64_t>(random_.next() >> below(64))); }
  // Up to 40 digits, without a zero that means nothing.
  Value decimal() {
    std::string whole = below(4) == 0 ? "0" : digits(1 + below(20));
    if (whole.front() == '0') whole = "0";
    std::string fraction = below(2) == 0 ? "" : digits(1 + below(20));
    if (!fraction.empty() && fraction.back() == '0') fraction.back() = '1';
    const bool negative = below(2) == 0 && (whole != "0" || !fraction.empty());
    return Value::number((negative ? "-" : "") + whole + (fraction.empty() ? "" : "." + fraction));
  }
  // Of the years 1 to 9999, to `step` milliseconds.
  Value time(int64_t step) {
    const int64_t span = (253'402'300'799'999 + 62'135'596'800'000) / step;
    const int64_t ms =
        -62'135'596'800'000 + static_cast<int64_t>(random_.next() % uint64_t(span)) * step;
    const auto form = readTransform(json(R"({"time":"unix_ms"})"));
    return *apply(*form, Value::integer(ms), Direction::FromExternal);
  }
  Value texts(bool any) {
    Value list = Value::array();
    for (size_t size = below(5); size > 0; --size) list.items().push_back(any ? text() : word());
    return list;
  }

 private:
  std::string digits(size_t count) {
    std::string out;
    while (out.size() < count) out += static_cast<char>('0' + static_cast<char>(below(10)));
    return out;
  }
  SeededRandom random_;
};

template <class Make>
void survives(const char* transforms, Make make) {
  Mapping mapping = mappingOf(std::string(R"({"x":{"external":"deep.list[k=v].x","transform":)") +
                              transforms + "}}");
  for (int round = 0; round < kRounds; ++round) {
    Maker maker(static_cast<uint64_t>(round) + 1);
    const Value object = Value::object({{"x", make(maker)}});
    const auto trip = roundTrip(mapping, object);
    INFO(transforms << " seed " << round + 1 << " " << toJson(object));
    REQUIRE(trip);
    REQUIRE(trip->holds());
    REQUIRE(trip->back.output == object);
    REQUIRE(issuesOf(trip->there).empty());
  }
}

}  // namespace

TEST_CASE("any value survives a field without transforms") {
  survives("[]", [](Maker& m) { return m.text(); });
  survives("[]", [](Maker& m) { return m.integer(); });
  survives("[]", [](Maker& m) { return m.decimal(); });
  survives("[]", [](Maker& m) { return m.texts(true); });
}

TEST_CASE("exact transforms give back what they took") {
  survives(R"(["text"])", [](Maker& m) { return m.decimal(); });
  survives(R"(["text"])", [](Maker& m) { return m.integer(); });
  survives(R"(["number"])",
           [](Maker& m) { return Value::text(std::string(m.decimal().asText())); });
  survives(R"([{"bool":["ja","nein"]}])", [](Maker& m) { return Value::boolean(m.below(2) == 0); });
  survives(R"([{"prefix":"p☃"},{"suffix":"s"}])", [](Maker& m) { return m.text(); });
  survives(R"([{"member":"name"},"list"])", [](Maker& m) { return m.text(); });
  survives(R"([{"each":[{"prefix":"x"},{"member":"id"}]}])",
           [](Maker& m) { return m.texts(true); });
  survives(R"(["adf"])", [](Maker& m) { return m.text(40); });
  survives(R"([{"enum":[["a",1],["b",true],["c","C"]]}])", [](Maker& m) {
    return Value::text(std::string(1, static_cast<char>('a' + static_cast<char>(m.below(3)))));
  });
}

TEST_CASE("times survive in every form that is fine enough") {
  constexpr int64_t kSecond = 1000;
  constexpr int64_t kDay = 86'400'000;
  survives(R"([{"time":"unix_ms"}])", [](Maker& m) { return m.time(1); });
  survives(R"([{"time":"rfc3339"}])", [](Maker& m) { return m.time(1); });
  survives(R"([{"time":"offset"}])", [](Maker& m) { return m.time(1); });
  survives(R"([{"time":"%d.%m.%Y %H:%M:%S,%f%z"}])", [](Maker& m) { return m.time(1); });
  survives(R"([{"time":"unix_s"}])", [](Maker& m) { return m.time(kSecond); });
  survives(R"([{"time":"rfc3339_s"}])", [](Maker& m) { return m.time(kSecond); });
  survives(R"([{"time":"date"}])", [](Maker& m) { return m.time(kDay); });
}

TEST_CASE("normal forms survive") {
  survives(R"([{"shift":2}])", [](Maker& m) { return m.decimal(); });
  survives(R"([{"shift":-5}])", [](Maker& m) { return m.integer(); });
  survives(R"(["trim","lower"])", [](Maker& m) { return m.word(); });
  survives(R"(["email"])", [](Maker& m) {
    return Value::text(m.word().asText() + "@" + m.word().asText() + ".cz");
  });
  survives(R"(["e164"])", [](Maker& m) {
    return Value::text("+420" + std::to_string(600'000'000 + m.below(199'999'999)));
  });
  survives(R"([{"join":", "}])", [](Maker& m) { return m.texts(false); });
}

TEST_CASE("whatever a transform is given, it answers, and a loss is reported") {
  const char* transforms[] = {R"(["trim"])",
                              R"(["email"])",
                              R"([{"e164":"CZ"}])",
                              R"(["number"])",
                              R"(["text"])",
                              R"([{"shift":3}])",
                              R"([{"time":"date"}])",
                              R"(["split_name"])",
                              R"([{"join":","}])",
                              R"([{"split":","}])",
                              R"(["adf"])",
                              R"(["list"])",
                              R"([{"each":["trim"]}])",
                              R"([{"time":"%Y%m%d"}])",
                              R"([{"prefix":"a"}])"};
  for (const char* with : transforms) {
    const Mapping mapping =
        mappingOf(std::string(R"({"x":{"external":"X","max":9,"transform":)") + with + "}}");
    for (int round = 0; round < 500; ++round) {
      Maker m(static_cast<uint64_t>(round) + 77);
      const Value values[] = {m.text(30),           m.decimal(),
                              m.texts(true),        Value::object({{"a", m.text()}}),
                              Value::boolean(true), Value()};
      const Value object = Value::object({{"x", values[m.below(std::size(values))]}});
      const auto trip = roundTrip(mapping, object);
      INFO(with << " " << toJson(object));
      REQUIRE(trip);
      const bool reported = !issuesOf(trip->there).empty();
      REQUIRE((trip->holds() || reported));
    }
  }
}

}  // namespace junctor::mapping
