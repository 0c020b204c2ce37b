// t: what a test may ask for. Rules run in a state of their own, with their own budget; their fuel
// is charged to the test as well.
#include <fmt/core.h>

#include <string>

#include "base/clock.h"
#include "mapping/convert.h"
#include "script/context.h"
#include "script/lib.h"
#include "script/lua_value.h"
#include "script/mapper.h"
#include "script/result_writer.h"
#include "script/test_support.h"

namespace junctor::script {
namespace {

using mapping::Direction;
using mapping::Value;

constexpr int64_t kReceivedAtMs = 1'767'225'600'000;  // 2026-01-01: where a test does not say

std::string textOf(const Value& object, std::string_view key) {
  const Value* found = object.find(key);
  return found && !found->isNull() ? found->asText() : "";
}

std::string jsonOf(const Value& object, std::string_view key) {
  const Value* found = object.find(key);
  return found && !found->isNull() ? mapping::toJson(*found) : "";
}

}  // namespace

Tester& testerOf(lua_State* L) {
  Tester* tester = contextOf(L).tester;
  if (tester == nullptr) luaL_error(L, "this works in tests only");
  return *tester;
}

void failTest(lua_State* L, const std::string& text) {
  luaL_error(L, "%s", text.substr(0, limits::kRuleErrorBytesMax).c_str());
  std::abort();  // luaL_error does not return
}

std::string shown(lua_State* L, int index) {
  if (lua_isnoneornil(L, index)) return "nil";
  ResultWriter writer(L);
  writer.value(index);
  return writer.take();
}

Event eventAt(lua_State* L, int index) {
  Event event;
  event.id = EventId{{0x0190000000007000ULL, 0x8000000000000001ULL}};
  event.tenant = "test";
  event.received_at_ms = kReceivedAtMs;
  if (lua_isnoneornil(L, index)) return event;
  luaL_checktype(L, index, LUA_TTABLE);
  const Value table = valueAt(L, index);
  if (const auto id = EventId::parse(textOf(table, "id"))) event.id = *id;
  event.type = textOf(table, "type");
  event.source = textOf(table, "source");
  event.integration = textOf(table, "integration");
  for (const auto& [name, out] : {std::pair{"received_at", &event.received_at_ms},
                                  std::pair{"occurred_at", &event.occurred_at_ms}}) {
    lua_getfield(L, index, name);
    readTime(L, -1, *out);
    lua_pop(L, 1);
  }
  if (const Value* resource = table.find("resource")) {
    event.resource = {textOf(*resource, "type"), textOf(*resource, "id")};
  }
  event.actor_json = jsonOf(table, "actor");
  event.data_json = jsonOf(table, "data");
  event.payload_json = jsonOf(table, "payload");
  event.metadata_json = jsonOf(table, "metadata");
  return event;
}

JsonView parsed(lua_State* L, JsonDoc& document, const std::string& json) {
  if (json.empty()) return {};
  const auto view = document.parse(json);
  if (!view) failTest(L, "the payload: " + view.error().message);
  return *view;
}

void finishRun(lua_State* L, const Trace& trace, const std::optional<RuleError>& error) {
  testerOf(L).add(trace);
  contextOf(L).budget.charge(L, trace.fuel);
  if (error) failTest(L, error->rule + ": " + error->message);
}

namespace {

// Where two values differ first, as "a.b: expected 1, got 2".
std::string difference(const Value& expected, const Value& got, const std::string& path) {
  if (expected == got) return "";
  if (expected.isObject() && got.isObject()) {
    for (const mapping::Member& member : expected.members()) {
      const std::string below = path.empty() ? member.key : path + "." + member.key;
      const Value* other = got.find(member.key);
      if (!other) return below + ": expected " + mapping::shown(member.value) + ", got nil";
      if (auto found = difference(member.value, *other, below); !found.empty()) return found;
    }
    for (const mapping::Member& member : got.members()) {
      if (expected.find(member.key)) continue;
      return (path.empty() ? "" : path + ".") + member.key + ": expected nil, got " +
             mapping::shown(member.value);
    }
  }
  if (expected.isArray() && got.isArray() && expected.items().size() == got.items().size()) {
    for (size_t i = 0; i < got.items().size(); ++i) {
      const std::string below = fmt::format("{}[{}]", path, i + 1);
      if (auto found = difference(expected.items()[i], got.items()[i], below); !found.empty()) {
        return found;
      }
    }
  }
  return (path.empty() ? "" : path + ": ") + "expected " + mapping::shown(expected) + ", got " +
         mapping::shown(got);
}

std::string prefix(lua_State* L, int index) {
  return lua_type(L, index) == LUA_TSTRING ? std::string(checkText(L, index)) + ": " : "";
}

// t.eq(got, expected [, what]): equal as JSON, tables member by member.
int eq(lua_State* L) {
  lua_settop(L, 3);
  const std::string got = shown(L, 1);
  const std::string expected = shown(L, 2);
  if (got == expected) return 0;
  const std::string what = prefix(L, 3);
  if (got == "nil" || expected == "nil")
    failTest(L, what + "expected " + expected + ", got " + got);
  failTest(L, what + difference(valueAt(L, 2), valueAt(L, 1), ""));
}

// t.ok(value [, what])
int ok(lua_State* L) {
  if (lua_toboolean(L, 1) != 0) return 0;
  failTest(L, prefix(L, 2) + "expected a true value, got " + shown(L, 1));
}

// t.fails(f [, text]): f raises an error, whose text holds `text`. Returns the text.
int fails(lua_State* L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 2);
  const std::string wanted = lua_isnil(L, 2) ? "" : std::string(checkText(L, 2));
  lua_pushvalue(L, 1);
  const int status = lua_pcall(L, 0, 0, 0);
  Budget& budget = contextOf(L).budget;
  if (budget.aborted() != Abort::None) budget.raise(L);
  if (status == LUA_ERRMEM) budget.abort(L, Abort::Memory);
  if (status == LUA_OK) failTest(L, "expected an error, and there was none");
  const std::string text = lua_type(L, -1) == LUA_TSTRING ? std::string(checkText(L, -1)) : "";
  if (text.find(wanted) == text.npos)
    failTest(L, "expected an error with '" + wanted + "', got: " + text);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

void setJson(Value& table, const char* key, const std::string& json) {
  if (json.empty()) return;
  if (auto value = mapping::parseValue(json)) table.set(key, std::move(*value));
}

void setText(Value& table, const char* key, const std::string& text) {
  if (!text.empty()) table.set(key, Value::text(text));
}

Value eventValue(const Event& event, const std::string& payload) {
  Value table = Value::object();
  setText(table, "type", event.type);
  setText(table, "source", event.source);
  setText(table, "integration", event.integration);
  setText(table, "received_at", formatRfc3339(event.received_at_ms));
  if (event.occurred_at_ms != 0) setText(table, "occurred_at", formatRfc3339(event.occurred_at_ms));
  Value resource = Value::object();
  setText(resource, "type", event.resource.type);
  setText(resource, "id", event.resource.id);
  if (!resource.members().empty()) table.set("resource", std::move(resource));
  setJson(table, "actor", event.actor_json);
  setJson(table, "data", event.data_json);
  setJson(table, "metadata", event.metadata_json);
  setJson(table, "payload", payload);
  return table;
}

// t.normalize(payload [, event]): the event that the normalizers make, and whether one did.
// `event` gives type, source, integration, received_at, metadata …
int normalize(lua_State* L) {
  Tester& tester = testerOf(L);
  lua_settop(L, 2);
  const std::string payload = lua_isnil(L, 1) ? "{}" : shown(L, 1);
  Event event = eventAt(L, 2);
  JsonDoc document;
  Trace trace = tester.newTrace();
  const auto ran =
      tester.runner().normalize(tester.rules(), event, parsed(L, document, payload), &trace);
  finishRun(L, trace, ran.error);
  pushValue(L, eventValue(event, payload));
  lua_pushboolean(L, ran.value ? 1 : 0);
  return 2;
}

Value targetValue(const RouteTarget& target) {
  Value table = Value::object();
  setText(table, "to", target.destination);
  setText(table, "route", target.route);
  setText(table, "key", target.order_key);
  setText(table, "mapping", target.mapping.substr(0, target.mapping.find('@')));
  setText(table, "problem", target.problem);
  setJson(table, "body", target.body_json);
  return table;
}

// t.route(event): { to = names, targets = { {to, route, key, mapping, body, problem} … }, dropped,
// reason, route }.
int route(lua_State* L) {
  Tester& tester = testerOf(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  const Event event = eventAt(L, 1);
  JsonDoc document;
  const JsonView payload = parsed(L, document, event.payload_json);
  Trace trace = tester.newTrace();
  const auto ran = tester.runner().route(tester.rules(), event, payload, &trace);
  finishRun(L, trace, ran.error);
  Value names = Value::array();
  Value targets = Value::array();
  for (const RouteTarget& target : ran.value.targets) {
    names.items().push_back(Value::text(target.destination));
    targets.items().push_back(targetValue(target));
  }
  Value result = Value::object({{"to", std::move(names)}, {"targets", std::move(targets)}});
  result.set("dropped", Value::boolean(ran.value.dropped));
  setText(result, "reason", ran.value.reason);
  setText(result, "route", ran.value.route);
  pushValue(L, result);
  return 1;
}

// "salesforce/contact", or "salesforce" if the rules declare one mapping of that connector.
std::string mappingName(lua_State* L, const CompiledRuleset& rules) {
  const std::string name(checkText(L, 1));
  if (rules.mapping(name)) return name;
  std::string found;
  for (const auto& [full, map] : rules.maps) {
    if (!full.starts_with(name + "/")) continue;
    if (!found.empty()) failTest(L, "there are several mappings of '" + name + "': write " + full);
    found = full;
  }
  if (found.empty()) failTest(L, "there is no mapping '" + name + "'");
  return found;
}

// t.map(name, "in" | "out", object): the converted object, and the issues.
int convertOne(lua_State* L) {
  Tester& tester = testerOf(L);
  const std::string name = mappingName(L, tester.rules());
  const std::string_view way = checkText(L, 2);
  if (way != "in" && way != "out") failTest(L, "the second argument is \"in\" or \"out\"");
  const auto direction = way == "in" ? Direction::FromExternal : Direction::ToExternal;
  Trace trace = tester.newTrace();
  const auto ran = tester.runner().convert(tester.rules(), name, direction, valueAt(L, 3), &trace);
  finishRun(L, trace, ran.error);
  pushValue(L, ran.value.output);
  pushValue(L, issuesValue(ran.value.issues));
  return 2;
}

// t.roundtrip(name, object): fails if anything of our object does not come back.
int roundtrip(lua_State* L) {
  Tester& tester = testerOf(L);
  const auto entry = tester.rules().mapping(mappingName(L, tester.rules()));
  const auto trip = mapping::roundTrip(entry->mapping, valueAt(L, 2));
  if (!trip) failTest(L, trip.error().message);
  std::string lost;
  for (const mapping::Loss& loss : trip->losses) {
    lost += (lost.empty() ? "" : "; ") + loss.path + " (" + loss.why + ")";
  }
  if (!lost.empty()) failTest(L, "lost on the way: " + lost);
  return 0;
}

}  // namespace

void pushTestLibrary(lua_State* L) {
  constexpr luaL_Reg kFunctions[] = {
      {"flow", testFlow},       {"eq", eq},       {"ok", ok},          {"fails", fails},
      {"normalize", normalize}, {"route", route}, {"map", convertOne}, {"roundtrip", roundtrip},
      {nullptr, nullptr}};
  luaL_newlib(L, kFunctions);
}

}  // namespace junctor::script
