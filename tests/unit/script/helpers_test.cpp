// The helpers of jn, each by example: expression = JSON of its value.
#include "script_fixture.h"

namespace junctor::script {
namespace {

struct Example {
  const char* expression;
  const char* json;
};

constexpr Example kExamples[] = {
    {"jn.id('github', 12, 'x')", R"("github:12:x")"},
    {"jn.id('github', nil)", "absent"},
    {"jn.id('github', '')", "absent"},
    {"jn.time('2026-11-21T08:30:00Z')", R"("2026-11-21T08:30:00.000Z")"},
    {"jn.time('2026-11-21T08:30:00.1239+02:00')", R"("2026-11-21T06:30:00.123Z")"},
    {"jn.time('2026-11-21 08:30:00 -0130')", R"("2026-11-21T10:00:00.000Z")"},
    {"jn.time('2026-11-21')", R"("2026-11-21T00:00:00.000Z")"},
    {"jn.time('2024-02-29')", R"("2024-02-29T00:00:00.000Z")"},
    {"jn.time('2023-02-29')", "absent"},
    {"jn.time('2026-11-21T24:00:00Z')", "absent"},
    {"jn.time(1700000000)", R"("2023-11-14T22:13:20.000Z")"},
    {"jn.time(1700000000123)", R"("2023-11-14T22:13:20.123Z")"},
    {"jn.time('1700000000.5')", R"("2023-11-14T22:13:20.500Z")"},
    {"jn.time('soon', 0)", R"("1970-01-01T00:00:00.000Z")"},
    {"jn.time(nil, nil)", "absent"},
    {"jn.iso8601(0)", R"("1970-01-01T00:00:00.000Z")"},
    {"jn.unix_ms('1970-01-01T00:00:01Z')", "1000"},
    {"jn.unix_ms('x')", "absent"},
    {"jn.clip('abcdef', 3)", R"("abc")"},
    {"jn.clip('žluťoučký', 4)", R"("žluť")"},
    {"jn.clip('ab', 10)", R"("ab")"},
    {"jn.clip(nil, 3)", "absent"},
    {"jn.clip(12345, 3)", R"("123")"},
    {"jn.enum({ new = 'open' }, 'new', 'x')", R"("open")"},
    {"jn.enum({ new = 'open' }, 'NEW', 'x')", R"("open")"},
    {"jn.enum({ new = 'open' }, 'Open', 'x')", R"("open")"},
    {"jn.enum({ new = 'open' }, 'odd', 'x')", R"("x")"},
    {"jn.enum({ new = 'open' }, nil, 'x')", R"("x")"},
    {"jn.enum({ new = 'open' }, 'odd')", "absent"},
    {"jn.enum({ [1] = 'high' }, 1)", R"("high")"},
    {"jn.email(' Ann@Example.COM ')", R"("ann@example.com")"},
    {"jn.email('Ann B <ann@b.cz>')", R"("ann@b.cz")"},
    {"jn.email('no address')", "absent"},
    {"jn.email('a@b@c')", "absent"},
    {"jn.email(nil)", "absent"},
    {"jn.map(ev.list, function(x) return x * 2 end)", "[2,4,6]"},
    {"jn.map(ev.people, 'name')", R"(["Ann"])"},
    {"jn.map({ 'A', 'B' }, string.lower)", R"(["a","b"])"},
    {"jn.map({}, string.lower)", "[]"},
    {"jn.map(nil, string.lower)", "absent"},
    {"jn.first(nil, '', jn.null, 0, 1)", "0"},
    {"jn.first(nil, false)", "false"},
    {"jn.pick(ev.people[1], 'name', 'age')", R"({"name":"Ann"})"},
    {"jn.pick({ a = 1, b = 2 }, 'b')", R"({"b":2})"},
    {"jn.pick(nil, 'a')", "{}"},
    {"jn.lower('ÀBC')", R"("Àbc")"},
    {"jn.lower(nil)", "absent"},
    {"jn.number('12.5')", "12.5"},
    {"jn.number('0x10')", "16"},
    {"jn.number(' 7 ')", "7"},
    {"jn.number('7x')", "absent"},
    {"jn.number('')", "absent"},
    {"jn.number({})", "absent"},
    {"jn.number(3)", "3"},
    {"jn.hash('abc')", R"("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")"},
    {"(function() local s = '' for k, v in jn.sorted({ b = 2, a = 1, c = 3 }) do s = s .. k .. v "
     "end "
     "return s end)()",
     R"("a1b2c3")"},
    {"ctx.local_hour()", "14"},
    {"ctx.local_hour('UTC')", "14"},
    {"ctx.local_hour('+11:00')", "1"},
    {"ctx.local_hour('-14:30')", "23"},
    {"ctx.type .. ' ' .. ctx.source", R"("ticket.opened generic")"},
    {"string.format('%5.2f|%-4s|%03d|%q|%x|%%', 3.14159, 'ab', 7, 'q\"', 255)",
     R"(" 3.14|ab  |007|\"q\\\"\"|ff|%")"},
    {"string.format('%s %s', 1.5, true)", R"("1.5 true")"},
    {"('k=v; x=y'):gsub('(%w)=(%w)', '%2=%1')", R"("v=k; y=x")"},
    {"('hello'):rep(2, '-')", R"("hello-hello")"},
    {"table.concat({ 1, 'b', 2.5 }, ',')", R"("1,b,2.5")"},
    {"select('#', table.unpack({ 1, 2, 3 }))", "3"},
    {"tostring(1e15) .. math.type(1) .. tostring(2^53)", R"("1e+15integer9.007199254741e+15")"},
};

}  // namespace

TEST_CASE("helpers do what the annotations say", "[script]") {
  for (const Example& example : kExamples) {
    INFO(example.expression);
    const std::string data = dataOf(std::string("return { v = (") + example.expression + ") }",
                                    R"({"list":[1,2,3],"people":[{"name":"Ann"},{"age":3}]})");
    const std::string expected =
        std::string(example.json) == "absent" ? "{}" : "{\"v\":" + std::string(example.json) + "}";
    CHECK(data == expected);
  }
}

}  // namespace junctor::script
