#include "script/declaration.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "config/values.h"
#include "script/map_reader.h"
#include "script/when_reader.h"

namespace junctor::script {
namespace {

// The line at which the function begins.
int readFunction(const TableReader& reader, int table, const char* name) {
  if (!reader.push(table, name)) reader.fail(fmt::format("'{}' is missing", name));
  if (lua_type(reader.state(), -1) != LUA_TFUNCTION) {
    reader.fail(fmt::format("'{}' must be a function", name));
  }
  lua_Debug info{};
  lua_getinfo(reader.state(), ">S", &info);
  return std::max(info.linedefined, 1);  // -1: a function of the host
}

// "a|b.c": one of these payload paths must exist.
std::vector<size_t> readAlternatives(const TableReader& reader, std::string_view text,
                                     CompiledRuleset& rules) {
  std::vector<size_t> slots;
  while (true) {
    const size_t bar = text.find('|');
    std::string path = "payload.";
    path += text.substr(0, bar);
    slots.push_back(rules.slotOf(readPath(reader, path)));
    if (bar == text.npos) return slots;
    text.remove_prefix(bar + 1);
  }
}

void readAccepts(const TableReader& reader, int index, Normalizer& normalizer,
                 CompiledRuleset& rules) {
  lua_State* L = reader.state();
  if (lua_type(L, index) == LUA_TSTRING) {
    normalizer.accepts = readWhen(reader, index, rules);
    return;
  }
  index = lua_absindex(L, index);
  reader.checkKeys(index, {"source", "integration", "type", "has"}, "accepts");
  for (const char* name : {"source", "integration", "type"}) {
    if (!reader.push(index, name)) continue;
    reader.textsAt(-1, name);  // texts only
    normalizer.accepts.push_back(
        {rules.slotOf(readPath(reader, name)), readMatcher(reader, -1, name)});
    lua_pop(L, 1);
  }
  for (const std::string& text : reader.texts(index, "has")) {
    normalizer.has.push_back(readAlternatives(reader, text, rules));
  }
}

void readNormalizer(const TableReader& reader, int table, Normalizer normalizer,
                    CompiledRuleset& rules) {
  reader.checkKeys(table, {"version", "accepts", "emits", "event"}, "normalize");
  reader.integer(table, "version");
  normalizer.line = readFunction(reader, table, "event");
  if (!reader.push(table, "accepts")) {
    reader.fail("'accepts' is missing: say which events this normalizer is for");
  }
  readAccepts(reader, -1, normalizer, rules);
  lua_pop(reader.state(), 1);
  for (const std::string& text : reader.texts(table, "emits")) {
    normalizer.emits.push_back(readGlob(reader, text, "emits"));
  }
  rules.normalizers.push_back(std::move(normalizer));
}

// "a" | { "a", map = "salesforce/contact" }
Target readTarget(const TableReader& reader, int index, const char* name) {
  lua_State* L = reader.state();
  if (lua_type(L, index) != LUA_TTABLE) return {reader.textAt(index, name), ""};
  index = lua_absindex(L, index);
  Target target;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    const bool first = lua_isinteger(L, -2) != 0 && lua_tointeger(L, -2) == 1;
    if (first) {
      target.destination = reader.textAt(-1, name);
    } else if (lua_type(L, -2) == LUA_TSTRING && reader.textAt(-2, name) == "map") {
      target.mapping = reader.textAt(-1, "map");
    } else {
      reader.fail("a target is written { \"destination\", map = \"connector/object\" }");
    }
    lua_pop(L, 1);
  }
  return target;
}

// to = "a" | { "a", { "b" }, { "c", map = … } }
std::vector<Target> readTargets(const TableReader& reader, int index, const char* name) {
  lua_State* L = reader.state();
  std::vector<Target> all;
  if (lua_type(L, index) == LUA_TSTRING) {
    all.push_back(readTarget(reader, index, name));
  } else {
    index = lua_absindex(L, index);
    if (lua_type(L, index) == LUA_TTABLE && reader.push(index, "map")) {
      reader.fail("one target with a mapping is written { { \"destination\", map = … } }");
    }
    const lua_Integer length = reader.listLength(index, name);
    for (lua_Integer i = 1; i <= length; ++i) {
      lua_rawgeti(L, index, i);
      all.push_back(readTarget(reader, -1, name));
      lua_pop(L, 1);
    }
  }
  const bool nameless = std::any_of(
      all.begin(), all.end(), [](const Target& target) { return target.destination.empty(); });
  if (all.empty() || nameless) reader.fail(fmt::format("'{}' names no destination", name));
  return all;
}

RouteRule readRule(const TableReader& reader, int table, lua_Integer position,
                   CompiledRuleset& rules) {
  lua_State* L = reader.state();
  RouteRule rule;
  rule.position = static_cast<size_t>(position);
  reader.checkKeys(table,
                   {"name", "priority", "when", "where", "to", "key", "drop", "stop",
                    "priority_class", "latest_only"},
                   fmt::format("rule {}", position));
  rule.name = reader.text(table, "name").value_or(fmt::format("#{}", position));
  rule.priority = reader.integer(table, "priority").value_or(0);
  rule.stop = reader.flag(table, "stop");
  rule.drop = reader.text(table, "drop").value_or("");
  if (reader.push(table, "when")) {
    rule.when = readWhen(reader, -1, rules);
    lua_pop(L, 1);
  }
  if (reader.push(table, "where")) {
    lua_pop(L, 1);
    rule.where_line = readFunction(reader, table, "where");
  }
  if (reader.push(table, "to")) {
    rule.to = readTargets(reader, -1, "to");
    lua_pop(L, 1);
  }
  if (const auto key = reader.text(table, "key")) {
    rule.key_slot = rules.slotOf(readPath(reader, *key));
  }
  if (const auto text = reader.text(table, "priority_class")) {
    const auto known = parsePriority(*text);
    if (!known) reader.fail("'priority_class' must be \"urgent\", \"normal\" or \"bulk\"");
    rule.priority_class = *known;
  }
  rule.latest_only = reader.flag(table, "latest_only");
  if (rule.to.empty() == rule.drop.empty()) {
    reader.fail(fmt::format("rule '{}' needs either 'to' or 'drop'", rule.name));
  }
  return rule;
}

void readRules(const TableReader& reader, int list, RouteTable& table, bool latest_only,
               CompiledRuleset& rules) {
  lua_State* L = reader.state();
  list = lua_absindex(L, list);
  const lua_Integer length = reader.listLength(list, "rules");
  if (length > static_cast<lua_Integer>(limits::kRulesPerScriptMax)) reader.fail("too many rules");
  std::set<std::string> names;
  for (lua_Integer i = 1; i <= length; ++i) {
    lua_rawgeti(L, list, i);
    table.rules.push_back(readRule(reader, lua_gettop(L), i, rules));
    table.rules.back().latest_only |= latest_only;
    lua_pop(L, 1);
    const std::string& name = table.rules.back().name;
    if (!names.insert(name).second) reader.fail(fmt::format("two rules are named '{}'", name));
  }
}

void readRoute(const TableReader& reader, int table, RouteTable route, CompiledRuleset& rules) {
  lua_State* L = reader.state();
  reader.checkKeys(table, {"version", "fanout", "rules", "otherwise", "latest_only"}, "route");
  reader.integer(table, "version");
  const std::string fanout = reader.text(table, "fanout").value_or("all");
  if (fanout != "all" && fanout != "first") reader.fail("'fanout' must be \"all\" or \"first\"");
  route.first_only = fanout == "first";
  if (!reader.push(table, "rules")) reader.fail("'rules' is missing");
  readRules(reader, -1, route, reader.flag(table, "latest_only"), rules);
  lua_pop(L, 1);
  if (reader.push(table, "otherwise")) {
    route.otherwise = readTargets(reader, -1, "otherwise");
    lua_pop(L, 1);
  }
  std::stable_sort(route.rules.begin(), route.rules.end(),
                   [](const RouteRule& a, const RouteRule& b) { return a.priority > b.priority; });
  route.buildIndex(rules.slotOf(*parsePath("type")));
  rules.routes.push_back(std::move(route));
}

void readRetry(const TableReader& reader, int table, Flow& flow) {
  for (const std::string& text : reader.texts(table, "retry")) {
    const auto wait =
        config::parseDuration(text, std::chrono::milliseconds(limits::kFlowSleepMsMax));
    if (!wait) reader.fail("'retry' " + wait.error().message);
    flow.info.retry_waits_ms.push_back(wait->count());
  }
  if (flow.info.retry_waits_ms.size() > limits::kRetriesMax) {
    reader.fail(fmt::format("'retry' has more than {} entries", limits::kRetriesMax));
  }
}

// llm = { tokens_per_day = 100000, money_per_day = "0.50" }
void readLlmCaps(const TableReader& reader, int table, LlmCaps& caps) {
  if (!reader.push(table, "llm")) return;
  const int at = lua_gettop(reader.state());
  reader.checkKeys(at, {"tokens_per_day", "money_per_day"}, "llm");
  caps.tokens_per_day = reader.integer(at, "tokens_per_day").value_or(0);
  if (caps.tokens_per_day < 0 || caps.tokens_per_day > limits::kLlmTokensMax) {
    reader.fail("'tokens_per_day' is out of range");
  }
  if (reader.push(at, "money_per_day")) {
    const auto micros =
        config::parseMicros(reader.textAt(-1, "'money_per_day'"), limits::kLlmMoneyMicrosMax);
    if (!micros) reader.fail("'money_per_day' " + micros.error().message);
    caps.money_micros_per_day = *micros;
    lua_pop(reader.state(), 1);
  }
  lua_pop(reader.state(), 1);
}

void readFlow(const TableReader& reader, int table, Flow flow, CompiledRuleset& rules) {
  reader.checkKeys(table, {"name", "version", "when", "key", "retry", "llm", "run"}, "flow");
  reader.integer(table, "version");
  const auto name = reader.text(table, "name");
  if (!name) reader.fail("'name' is missing: deliveries of the flow are told by it");
  if (const auto checked = config::checkName(*name); !checked) {
    reader.fail("'name' " + checked.error().message);
  }
  flow.info.name = *name;
  flow.info.rule_version = rules.scripts[flow.script].label;
  flow.line = readFunction(reader, table, "run");
  if (!reader.push(table, "when")) {
    reader.fail("'when' is missing: say which events start this flow");
  }
  flow.when = readWhen(reader, -1, rules);
  lua_pop(reader.state(), 1);
  if (const auto key = reader.text(table, "key")) {
    flow.key_slot = rules.slotOf(readPath(reader, *key));
  }
  readRetry(reader, table, flow);
  readLlmCaps(reader, table, flow.info.llm);
  rules.flows.push_back(std::move(flow));
}

void readDeclaration(const TableReader& reader, DeclarationKind kind, int table, size_t script,
                     size_t declaration, CompiledRuleset& rules) {
  switch (kind) {
    case DeclarationKind::Normalize: {
      Normalizer normalizer;
      normalizer.script = script;
      normalizer.declaration = declaration;
      return readNormalizer(reader, table, std::move(normalizer), rules);
    }
    case DeclarationKind::Route: {
      RouteTable route;
      route.script = script;
      route.declaration = declaration;
      return readRoute(reader, table, std::move(route), rules);
    }
    case DeclarationKind::Map: {
      LuaMap map;
      map.script = script;
      map.declaration = declaration;
      return readMap(reader, table, map, rules);
    }
    case DeclarationKind::Flow: {
      Flow flow;
      flow.script = script;
      flow.declaration = declaration;
      return readFlow(reader, table, std::move(flow), rules);
    }
    case DeclarationKind::Tests:
      reader.fail("tests stand in a file of their own, in tests/ or as x_test.lua");
  }
}

}  // namespace

void readDeclarations(lua_State* L, CompiledRuleset& rules, size_t index) {
  const int list = lua_gettop(L);
  const auto length = static_cast<lua_Integer>(lua_rawlen(L, list));
  for (lua_Integer at = 1; at + 2 <= length; at += kDeclarationFields) {
    lua_rawgeti(L, list, at + 1);
    lua_rawgeti(L, list, at + 2);
    const auto kind = static_cast<DeclarationKind>(lua_tointeger(L, -2));
    const TableReader reader(L, rules.scripts[index].label, static_cast<int>(lua_tointeger(L, -1)));
    lua_rawgeti(L, list, at);
    const int table = lua_gettop(L);
    const size_t declaration = static_cast<size_t>(at / kDeclarationFields) + 1;
    readDeclaration(reader, kind, table, index, declaration, rules);
    lua_settop(L, list);
  }
}

}  // namespace junctor::script
