#include "script/lint.h"

#include <fmt/core.h>

#include <algorithm>

#include "script/bytecode.h"
#include "script/flow_session.h"
#include "script/lib.h"
#include "script/ruleset.h"
#include "script/sandbox.h"

namespace junctor::script {
namespace {

struct Library {
  const char* name;
  void (*push)(lua_State*);
};
constexpr Library kLibraries[] = {
    {"", pushBaseLibrary},     {"string", pushStringLibrary}, {"table", pushTableLibrary},
    {"math", pushMathLibrary}, {"utf8", pushUtf8Library},     {"jn", pushJnLibrary},
    {"t", pushTestLibrary},    {"f", pushFlowLibrary},
};

std::string scriptName(const ScriptText& script) {
  return script.label.substr(0, script.label.find('@'));
}

std::optional<ChunkFacts> factsOf(const ScriptText& script) {
  std::optional<ChunkFacts> facts;
  const auto sandbox = Sandbox::open(RuleBudget{});
  if (!sandbox) return facts;
  sandbox->beginRun(nullptr, nullptr);
  (void)sandbox->protect(script, [&](lua_State* L) {
    const std::string_view source = script.source;
    if (luaL_loadbufferx(L, source.data(), source.size(), "=x", "t") == LUA_OK) {
      facts = inspectChunk(L);
    }
  });
  return facts;
}

void findUnknownGlobals(const ScriptText& script, const std::set<std::string>& known,
                        std::vector<RuleProblem>& problems) {
  const auto facts = factsOf(script);
  if (!facts) return;
  std::set<std::string> written;
  for (const GlobalUse& use : facts->globals) {
    if (use.write) written.insert(use.name);
  }
  std::set<std::pair<std::string, int>> told;
  for (const GlobalUse& use : facts->globals) {
    const bool fine = use.write || known.contains(use.name) || written.contains(use.name);
    if (fine || !told.insert({use.name, use.line}).second) continue;
    problems.push_back({scriptName(script),
                        fmt::format("{}:{}: unknown name '{}'", script.label, use.line, use.name)});
  }
}

// Everything that `narrow` matches, `wide` matches too. False if it cannot be told.
bool covers(const Matcher& wide, const Matcher& narrow) {
  using Kind = Matcher::Kind;
  if (narrow.kind == Kind::OneOf) {
    return std::all_of(narrow.children.begin(), narrow.children.end(),
                       [&](const Matcher& one) { return covers(wide, one); });
  }
  switch (wide.kind) {
    case Kind::Text:
      return narrow.kind == Kind::Text && narrow.text == wide.text;
    case Kind::Wildcard:
      return narrow.kind == Kind::Text && wide.glob->matches(narrow.text);
    case Kind::Number:
      return narrow.kind == Kind::Number && narrow.number == wide.number;
    case Kind::Bool:
      return narrow.kind == Kind::Bool && narrow.flag == wide.flag;
    case Kind::OneOf:
      return std::any_of(wide.children.begin(), wide.children.end(),
                         [&](const Matcher& one) { return covers(one, narrow); });
    case Kind::Exists:
      return wide.flag && (narrow.kind == Kind::Text || narrow.kind == Kind::Number ||
                           narrow.kind == Kind::Bool || narrow.kind == Kind::Wildcard ||
                           (narrow.kind == Kind::Exists && narrow.flag));
    default:
      return false;
  }
}

bool covers(const std::vector<Clause>& wide, const std::vector<Clause>& narrow) {
  return std::all_of(wide.begin(), wide.end(), [&](const Clause& need) {
    return std::any_of(narrow.begin(), narrow.end(), [&](const Clause& has) {
      return has.slot == need.slot && covers(need.matcher, has.matcher);
    });
  });
}

void findUnreachable(const CompiledRuleset& rules, const RouteTable& table,
                     std::vector<RuleProblem>& problems) {
  const ScriptText& script = rules.scripts[table.script];
  for (size_t i = 0; i < table.rules.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      const RouteRule& before = table.rules[k];
      const bool ends =
          before.where_line == 0 && (before.stop || table.first_only || !before.drop.empty());
      if (!ends || !covers(before.when, table.rules[i].when)) continue;
      problems.push_back({scriptName(script),
                          fmt::format("{}: rule '{}' is never reached: '{}' ends the table for all "
                                      "that it matches",
                                      script.label, table.rules[i].name, before.name)});
      break;
    }
  }
}

}  // namespace

std::map<std::string, std::set<std::string>> ruleApi() {
  std::map<std::string, std::set<std::string>> api;
  const auto sandbox = Sandbox::open(RuleBudget{});
  if (!sandbox) return api;
  sandbox->beginRun(nullptr, nullptr);
  (void)sandbox->protect({}, [&](lua_State* L) {
    for (const Library& library : kLibraries) {
      library.push(L);
      lua_pushnil(L);
      while (lua_next(L, -2) != 0) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING) api[library.name].emplace(checkText(L, -1));
      }
      lua_pop(L, 1);
    }
  });
  for (const Library& library : kLibraries) {
    const std::string_view name = library.name;
    if (!name.empty() && name != "t" && name != "f") api[""].emplace(name);
  }
  return api;
}

std::string luacheckrc() {
  std::string text =
      "-- The names that rules may use. Made by `junctor rule api --luacheckrc`.\n"
      "std = \"junctor\"\n"
      "stds.junctor = {\n  read_globals = {\n";
  const auto api = ruleApi();
  for (const std::string& name : api.at("")) {
    const auto library = api.find(name);
    if (library == api.end()) {
      text += fmt::format("    \"{}\",\n", name);
      continue;
    }
    text += fmt::format("    {} = {{ fields = {{\n", name);
    for (const std::string& field : library->second) text += fmt::format("      \"{}\",\n", field);
    text += "    } },\n";
  }
  return text + "  },\n}\nmax_line_length = 120\nunused_args = false\n";
}

std::vector<RuleProblem> lintRules(const Ruleset& ruleset) {
  const auto& rules = static_cast<const CompiledRuleset&>(ruleset);
  std::vector<RuleProblem> problems;
  const auto api = ruleApi();
  const auto globals = api.find("");
  if (globals == api.end()) return problems;
  for (const ScriptText& script : rules.scripts) {
    findUnknownGlobals(script, globals->second, problems);
  }
  for (const RouteTable& table : rules.routes) findUnreachable(rules, table, problems);
  return problems;
}

}  // namespace junctor::script
