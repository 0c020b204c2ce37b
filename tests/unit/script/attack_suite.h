#pragma once
// Hostile scripts as data, tests/cases/script/attacks.txt, against wherever rules run.
#include <set>

#include "base/clock.h"
#include "case_file.h"
#include "script/host.h"
#include "script_fixture.h"

namespace junctor::script {
struct Attack {
  std::string name;
  std::string kind;  // refused, error, budget, data
  std::string expected;
  std::string script;
};

// Lines that stand for what a text file had better not hold.
inline std::string expandLine(const std::string& line) {
  if (line == "ESC:LuaS bytecode") return "\x1bLuaS\x93\r\n";
  if (line == "NUL:") return std::string("return 1\0", 9);
  if (line == "BYTES:ff") return "return '\xff'";
  std::string out = line;
  const size_t inline_at = line.find("REPEATINLINE ");
  if (inline_at != line.npos) {
    const int count = std::stoi(line.substr(inline_at + 13));
    out = line.substr(0, inline_at) + std::string(static_cast<size_t>(count), line.back());
  } else if (line.starts_with("REPEAT ")) {
    const int count = std::stoi(line.substr(7));
    const std::string unit = line.substr(line.find(": ") + 2) + "\n";
    out.clear();
    for (int i = 0; i < count; ++i) out += unit;
  }
  return out + "\n";
}

inline std::vector<Attack> readAttacks() {
  std::vector<Attack> attacks;
  for (const Case& one : readCases("attacks.txt")) {
    const size_t colon = one.expected.find(": ");
    REQUIRE(colon != std::string::npos);
    Attack attack{one.name, one.expected.substr(0, colon), one.expected.substr(colon + 2), ""};
    for (const std::string& line : one.lines) attack.script += expandLine(line);
    if (!one.name.ends_with(" [file]")) {
      attack.script =
          "return jn.normalize { accepts = { type = \"attack\" }, event = function(ev, ctx)\n" +
          attack.script + "\nend }";
    }
    attacks.push_back(std::move(attack));
  }
  return attacks;
}

// Looks at everything an attack might have changed.
inline const char* const kProbe = R"lua(
return jn.normalize { accepts = { type = "probe" }, event = function(ev, ctx)
  local names = {}
  for name in pairs({ a = 1, b = 2 }) do names[#names + 1] = name end
  table.sort(names)
  local unknown = pcall(function() return leaked end)
  return {
    upper = ("x"):upper() .. string.upper("y"), rep = ("ab"):rep(2, ","),
    match = ("k=v"):match("=(.)"),
    names = table.concat(names, "+"), id = jn.id("a", 1), type = "probe.seen", kind = type(ev),
    absent = ev.a.b.c == nil, unknown = unknown, max = math.maxinteger, text = tostring(nil),
    time = jn.time(0), rand = ctx.rand(), len = utf8.len("é"), first = jn.first(nil, "z"),
    n = #ev.list, format = string.format("%5.1f|%d", 1.25, 7),
  }
end }
)lua";

inline const char* const kPayload =
    R"({"obj":{"x":1,"y":{"z":2}},"list":[1,2,3],"text":"t","number":5,)"
    R"("big":18446744073709551615})";

inline std::string run(RuleRunner& runner, const Ruleset& rules, const std::string& type) {
  Stage stage(kPayload);
  stage.event.type = type;
  const auto ran = runner.normalize(rules, stage.event, stage.payload);
  if (!ran.error) return "data: " + stage.event.data_json;
  CHECK(ran.error->message.size() <= limits::kRuleErrorBytesMax);
  CHECK(ran.error->rule.starts_with("attack@v1:"));
  CHECK(stage.event.data_json.empty());
  CHECK(stage.event.type == type);
  return (ran.error->budget ? "budget: " : "error: ") + ran.error->message;
}

inline bool asExpected(const Attack& attack, const std::string& outcome) {
  if (!outcome.starts_with(attack.kind + ": ")) return false;
  // On a slow machine the time may be up before another limit is.
  if (attack.kind == "budget" && outcome == "budget: time budget used up") return true;
  if (attack.kind == "data") return outcome == "data: " + attack.expected;
  return outcome.find(attack.expected) != outcome.npos;
}

inline void attackBesideProbe(RuleHost& host, const Attack& attack, const std::string& healthy,
                              const Ruleset& neighbour) {
  INFO("attack: " << attack.name);
  const auto rules =
      host.compile({scriptOf(attack.script, "attack"), scriptOf(kProbe, "probe")}, {});
  if (!rules) {
    INFO(rules.error().message);
    CHECK(attack.kind == "refused");
    CHECK(rules.error().message.find(attack.expected) != std::string::npos);
    CHECK(rules.error().message.size() < 4096);
    return;
  }
  CHECK(attack.kind != "refused");
  const auto runner = host.makeRunner();
  for (int i = 0; i < 2; ++i) {
    const std::string outcome = run(*runner, **rules, "attack");
    INFO("run " << i << ": " << outcome.substr(0, 300));
    CHECK(asExpected(attack, outcome));
    CHECK(run(*runner, **rules, "probe") == healthy);
    CHECK(run(*runner, neighbour, "probe") == healthy);
  }
}

// Every attack is stopped and leaves nothing behind.
inline void runAttacks(RuleHost& host) {
  const auto attacks = readAttacks();
  REQUIRE(attacks.size() >= 200);
  const auto neighbour = host.compile({scriptOf(kProbe, "probe")}, {});
  REQUIRE(neighbour);
  const std::string healthy = run(*host.makeRunner(), **neighbour, "probe");
  REQUIRE(healthy.starts_with("data: {\"absent\":true"));
  // Budget, one indivisible instruction, a collection: far below this even under a sanitizer.
  constexpr int64_t kCpuNsMax = 3'000'000'000;
  std::set<std::string> names;
  for (const Attack& attack : attacks) {
    CHECK(names.insert(attack.name).second);
    const int64_t before = threadCpuNs();
    attackBesideProbe(host, attack, healthy, **neighbour);
    INFO(attack.name);
    CHECK(threadCpuNs() - before < kCpuNsMax);
  }
}

}  // namespace junctor::script
