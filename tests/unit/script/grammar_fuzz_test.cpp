// Random programs from a grammar of what rules may write, loops and recursion included. Whatever
// they do, they end within their fuel, say why in words, and the healthy script beside them sees
// the same as before. Long runs: script_test "[fuzz-long]" (hidden; half an hour).
#include "base/random.h"
#include "script/tests.h"
#include "script_fixture.h"

namespace junctor::script {
namespace {

class Writer {
 public:
  explicit Writer(Random& random) : random_(random) {}

  std::string program() {
    std::string text = "local a, b, c = 1, 'x', { 1, 2 }\nlocal f\n";
    if (pick(2) == 0) text += "f = function(p) " + block(2) + " return " + expression(2) + " end\n";
    text += "return jn.normalize { accepts = { type = 'fuzz' }, event = function(ev, ctx)\n";
    text += block(4) + "\nreturn { v = " + expression(3) + " }\nend }";
    return text;
  }

 private:
  size_t pick(size_t count) { return random_.next() % count; }

  std::string name() {
    constexpr std::string_view kNames[] = {"a", "b", "c", "f", "p", "ev", "ctx", "t", "i"};
    return std::string(kNames[pick(std::size(kNames))]);
  }

  std::string literal() {
    constexpr std::string_view kLiterals[] = {"nil",
                                              "true",
                                              "false",
                                              "0",
                                              "1",
                                              "-1",
                                              "1e308",
                                              "math.huge",
                                              "math.mininteger",
                                              "9007199254740993",
                                              "''",
                                              "'text'",
                                              "'%b()'",
                                              "'.-.-.-x'",
                                              "('x'):rep(1000)",
                                              "{}",
                                              "{ 1, 2, a = 3 }",
                                              "jn.null",
                                              "jn.array {}",
                                              "{ [1.5] = 1 }",
                                              "'\\255'",
                                              "...",
                                              "ev.obj",
                                              "ev.list",
                                              "ev.a.b.c",
                                              "ctx.type",
                                              "ctx.rand()",
                                              "jn.bimap { a = 'A' }"};
    return std::string(kLiterals[pick(std::size(kLiterals))]);
  }

  std::string call(int depth) {
    constexpr std::string_view kCalls[] = {"pcall",
                                           "tostring",
                                           "tonumber",
                                           "select",
                                           "type",
                                           "next",
                                           "pairs",
                                           "ipairs",
                                           "error",
                                           "assert",
                                           "jn.id",
                                           "jn.time",
                                           "jn.clip",
                                           "jn.enum",
                                           "jn.email",
                                           "jn.map",
                                           "jn.first",
                                           "jn.pick",
                                           "jn.array",
                                           "jn.sorted",
                                           "jn.lower",
                                           "jn.number",
                                           "jn.hash",
                                           "jn.log",
                                           "jn.e164",
                                           "jn.bimap",
                                           "jn.lookup",
                                           "jn.to_external",
                                           "string.rep",
                                           "string.find",
                                           "string.gsub",
                                           "string.format",
                                           "string.sub",
                                           "string.byte",
                                           "string.gmatch",
                                           "table.concat",
                                           "table.insert",
                                           "table.remove",
                                           "table.sort",
                                           "table.unpack",
                                           "math.floor",
                                           "math.fmod",
                                           "utf8.char",
                                           "utf8.codepoint",
                                           "jn.normalize",
                                           "jn.tests",
                                           "f",
                                           "t.x",
                                           "ctx.lookup"};
    std::string text(kCalls[pick(std::size(kCalls))]);
    text += '(';
    for (size_t n = pick(4); n > 0; --n) text += expression(depth - 1) + (n > 1 ? ", " : "");
    return text + ')';
  }

  std::string expression(int depth) {
    if (depth <= 0) return pick(2) == 0 ? name() : literal();
    switch (pick(9)) {
      case 0:
        return literal();
      case 1:
        return name();
      case 2:
        return name() + "." + name();
      case 3:
        return name() + "[" + expression(depth - 1) + "]";
      case 4:
        return call(depth);
      case 5:
        return "(" + expression(depth - 1) + operation() + expression(depth - 1) + ")";
      case 6:
        return "#" + name();
      case 7:
        return "(function(...) " + block(depth - 1) + " return " + expression(depth - 1) +
               " end)(" + name() + ")";
      default:
        return "{ " + expression(depth - 1) + ", x = " + expression(depth - 1) + " }";
    }
  }

  std::string operation() {
    constexpr std::string_view kOperations[] = {" + ",   " - ",  " * ",  " / ",  " // ",
                                                " % ",   " ^ ",  " .. ", " == ", " < ",
                                                " and ", " or ", " & ",  " << ", " ~ "};
    return std::string(kOperations[pick(std::size(kOperations))]);
  }

  std::string statement(int depth) {
    switch (pick(10)) {
      case 0:
        return "local t = " + expression(depth - 1);
      case 1:
        return name() + " = " + expression(depth - 1);
      case 2:
        return name() + "[" + expression(depth - 1) + "] = " + expression(depth - 1);
      case 3:
        return "if " + expression(depth - 1) + " then " + block(depth - 1) + " end";
      case 4:
        return "while " + expression(depth - 1) + " do " + block(depth - 1) + " end";
      case 5:
        return "for i = 1, " + std::string(pick(3) == 0 ? "math.huge" : "20") + " do " +
               block(depth - 1) + " end";
      case 6:
        return "for i, t in pairs(" + expression(depth - 1) + ") do " + block(depth - 1) + " end";
      case 7:
        return "pcall(function() " + block(depth - 1) + " end)";
      case 8:
        return "repeat " + block(depth - 1) + " until " + expression(depth - 1);
      default:
        return "local t = " + call(depth);
    }
  }

  std::string block(int depth) {
    if (depth <= 0) return "";
    std::string text;
    for (size_t n = 1 + pick(3); n > 0; --n) text += statement(depth) + "; ";
    return text;
  }

  Random& random_;
};

const char* const kHealthy = R"lua(return jn.normalize { accepts = { type = "probe" },
event = function(ev) return { upper = ("x"):upper(), n = #ev.list, id = jn.id("a", 1),
  kind = type(ev), unknown = pcall(function() return leaked end), c = table.concat({ 1, 2 }, "-") }
end })lua";

constexpr int64_t kFuel = 20'000;
// What one step may overshoot: the last hook's slice and one charge of the largest block.
constexpr int64_t kOvershoot = 40'000;

std::string probe(RuleRunner& runner, const Ruleset& rules) {
  Stage stage(R"({"list":[1,2,3],"obj":{"x":1}})");
  stage.event.type = "probe";
  const auto ran = runner.normalize(rules, stage.event, stage.payload);
  return ran.error ? "error: " + ran.error->message : stage.event.data_json;
}

void fuzz(uint64_t seed, int programs) {
  SeededRandom random(seed);
  const RuleBudget budget{kFuel, 2'000, limits::kRuleMemoryBytesMax};
  const auto neighbour = mustCompile(kHealthy, "probe");
  const auto neighbours_runner = makeRuleRunner();
  const std::string healthy = probe(*neighbours_runner, *neighbour);
  REQUIRE(healthy.starts_with("{\"c\":\"1-2\""));
  int ran_through = 0;
  for (int i = 0; i < programs; ++i) {
    const std::string source = Writer(random).program();
    INFO("seed " << seed << ", program " << i << ":\n" << source);
    const auto rules = compileRules({scriptOf(source, "fuzz"), scriptOf(kHealthy, "probe")});
    if (!rules) {
      CHECK(rules.error().message.find("@v1") != std::string::npos);
      continue;
    }
    ++ran_through;
    const auto runner = makeRuleRunner(budget);
    std::string outcome;
    for (int again = 0; again < 2; ++again) {
      Stage stage(R"({"list":[1,2,3],"obj":{"x":1}})");
      stage.event.type = "fuzz";
      Trace trace;
      const auto ran = runner->normalize(**rules, stage.event, stage.payload, &trace);
      CHECK(trace.fuel <= kFuel + kOvershoot);
      if (ran.error) CHECK(ran.error->message.size() <= limits::kRuleErrorBytesMax);
      const std::string now = ran.error ? ran.error->message : stage.event.data_json;
      const bool by_the_clock = now.find("time budget") != std::string::npos;
      if (again == 1 && !by_the_clock) CHECK(now == outcome);
      outcome = now;
      CHECK(probe(*runner, **rules) == healthy);
    }
  }
  CHECK(ran_through > programs / 4);
  CHECK(probe(*neighbours_runner, *neighbour) == healthy);
}

TEST_CASE("no random program escapes its budget or touches another's result", "[script][fuzz]") {
  fuzz(1, 1'500);
}

TEST_CASE("millions of random programs", "[.][fuzz-long]") {
  for (uint64_t seed = 2; seed < 500; ++seed) fuzz(seed, 5'000);
}

}  // namespace
}  // namespace junctor::script
