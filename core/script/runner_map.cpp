// Mappings: what a target's mapping makes of the event's data, after_in and after_out in Lua.
#include <algorithm>

#include "script/lua_value.h"
#include "script/mapper.h"
#include "script/runner.h"

namespace junctor::script {

// What a mapping cannot do ends its delivery alone; the other destinations get theirs.
void LuaRuleRunner::mapTargets(Routing& routing) {
  auto& targets = routing.result.value.targets;
  const auto mapped = [](const RouteTarget& target) { return !target.mapping.empty(); };
  if (std::none_of(targets.begin(), targets.end(), mapped)) return;
  const auto data = mapping::parseValue(fields_.event().data_json);
  for (RouteTarget& target : targets) {
    if (target.mapping.empty()) continue;
    if (data && data->isObject()) {
      mapTarget(routing, *data, target);
    } else {
      target.problem = target.mapping + ": the event has no canonical data (a normalizer makes it)";
    }
  }
}

void LuaRuleRunner::mapTarget(Routing& routing, const mapping::Value& data, RouteTarget& target) {
  const std::string name = target.mapping;
  if (const auto entry = routing.rules.mapping(name)) target.mapping = entry->label();
  auto converted = convertAll(routing.rules, name, mapping::Direction::ToExternal, data,
                              routing.trace, routing.trace != nullptr, routing.sandbox);
  if (!converted) {
    target.problem = target.mapping + ": " + clippedError(converted.error().message);
    return;
  }
  target.body_json = mapping::toJson(converted->output);
  if (target.body_json.size() > limits::kRuleResultBytesMax) {
    target.body_json.clear();
    target.problem = target.mapping + ": the mapped object is too large";
  }
  if (routing.trace == nullptr) return;
  routing.trace->mapped.push_back({target.destination, target.mapping, std::move(converted->issues),
                                   std::move(converted->origins)});
}

// `told`: somebody wants issues and origins. `sandbox` is opened if a function has to run and it is
// null.
Result<mapping::Converted> LuaRuleRunner::convertAll(const CompiledRuleset& rules,
                                                     std::string_view name,
                                                     mapping::Direction direction,
                                                     const mapping::Value& object, Trace* trace,
                                                     bool told, Sandbox*& sandbox) {
  const auto entry = rules.mapping(name);
  if (!entry) return notFound("there is no mapping '" + std::string(name) + "'");
  JUNCTOR_TRY(mapping::Converted converted,
              script::convert(entry->mapping, direction, object, told));
  const auto declared = rules.maps.find(name);
  if (declared == rules.maps.end()) return converted;
  const LuaMap& map = declared->second;
  const bool out = direction == mapping::Direction::ToExternal;
  if ((out ? map.out_line : map.in_line) == 0) return converted;
  if (sandbox == nullptr) sandbox = beginRun(rules, trace);
  if (sandbox == nullptr) return internalError("no memory for a sandbox");
  if (auto error = runAfter(rules, map, direction, *sandbox, object, converted.output)) {
    return invalidArgument(error->rule + ": " + error->message);
  }
  return converted;
}

std::optional<RuleError> LuaRuleRunner::runAfter(const CompiledRuleset& rules, const LuaMap& map,
                                                 mapping::Direction direction, Sandbox& sandbox,
                                                 const mapping::Value& object,
                                                 mapping::Value& output) {
  const Handler handler = afterHandler(map, direction);
  return sandbox.protect(rules.scripts[map.script], [&](lua_State* L) {
    pushHandler(L, sandbox, rules, handler);
    const int function = lua_gettop(L);
    pushValue(L, output);
    lua_pushvalue(L, function);
    lua_pushvalue(L, function + 1);
    pushValue(L, object);
    lua_call(L, 2, 1);
    if (lua_isnil(L, -1)) lua_pop(L, 1);  // it changed the table it was given
    output = valueAt(L, -1);
    if (!output.isObject()) luaL_error(L, "'%s' must return a table or nil", handler.name);
    sandbox.endHandler(L, handler.script, handler.key);
  });
}

Ran<mapping::Converted> LuaRuleRunner::convert(const Ruleset& ruleset, std::string_view name,
                                               mapping::Direction direction,
                                               const mapping::Value& object, Trace* trace) {
  const auto& rules = static_cast<const CompiledRuleset&>(ruleset);
  Ran<mapping::Converted> result;
  Sandbox* sandbox = nullptr;
  auto converted = convertAll(rules, name, direction, object, trace, true, sandbox);
  endRun(rules, sandbox, trace);
  if (converted) {
    result.value = std::move(*converted);
  } else {
    result.error = RuleError{std::string(name), converted.error().message, false};
  }
  return result;
}

}  // namespace junctor::script
