// t.flow: a flow from its start to its end, its steps answered by the test.
#include <fmt/core.h>

#include "script/context.h"
#include "script/flow.h"
#include "script/lib.h"
#include "script/lua_value.h"
#include "script/result_writer.h"
#include "script/test_support.h"

namespace junctor::script {
namespace {

using mapping::Value;

constexpr int kAnswers = 3;  // stack index

void setParsed(Value& table, const char* key, const std::string& json) {
  if (json.empty()) return;
  if (auto value = mapping::parseValue(json)) table.set(key, std::move(*value));
}

Value stepValue(const FlowStep& step) {
  Value table = Value::object();
  table.set("key", Value::text(step.key));
  table.set("kind", Value::text(step.kind));
  table.set("to", Value::text(step.target));
  setParsed(table, "body", step.args_json);
  return table;
}

// Pushes answers["call crm"], else answers.call.
void pushAnswer(lua_State* L, const FlowStep& step) {
  if (lua_isnil(L, kAnswers)) return lua_pushnil(L);
  for (const std::string& name : {step.kind + " " + step.target, step.kind}) {
    lua_pushlstring(L, name.data(), name.size());
    if (lua_rawget(L, kAnswers) != LUA_TNIL) return;
    lua_pop(L, 1);
  }
  lua_pushnil(L);
}

bool needsAnswer(const FlowStep& step) {
  return step.kind == "call" || step.kind == "act" || step.kind == "llm";
}

// What the test says to a step; `done.error` is not empty where it fails.
void ask(lua_State* L, const FlowStep& step, Step& done) {
  pushAnswer(L, step);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    if (needsAnswer(step)) {
      failTest(L, fmt::format("{}: step {} has no answer: give answers[\"{} {}\"]", step.where,
                              step.key, step.kind, step.target));
    }
    if (step.kind == "emit") done.result_json = "\"evt_test\"";
    return;
  }
  if (lua_type(L, -1) == LUA_TFUNCTION) {
    pushValue(L, stepValue(step));
    lua_call(L, 1, 2);
  } else {
    lua_pushnil(L);
    if (lua_isboolean(L, -2) && lua_toboolean(L, -2) == 0) {
      lua_pushliteral(L, "the test says that it fails");
      lua_replace(L, -2);
      lua_pushnil(L);
      lua_replace(L, -3);
    }
  }
  if (!lua_isnil(L, -1)) {
    pushDisplay(L, -1);
    done.error = checkText(L, -1);
    lua_pop(L, 1);
  }
  if (!lua_isnil(L, -2)) {
    ResultWriter writer(L);
    writer.value(-2);
    done.result_json = writer.take();
  }
  lua_pop(L, 2);
}

// False: the flow would end as a dead letter here.
bool carryOut(lua_State* L, const FlowStep& step, FlowMemory& memory, Value& steps) {
  Step done;
  done.key = step.key;
  done.kind = step.kind;
  done.target = step.target;
  done.digest = step.digest;
  done.state = StepState::Done;
  ask(L, step, done);
  Value told = stepValue(step);
  if (!done.error.empty()) {
    done.state = StepState::Failed;
    done.result_json.clear();
    told.set("error", Value::text(done.error));
  }
  setParsed(told, "result", done.result_json);
  steps.items().push_back(std::move(told));
  const bool goes_on = done.state == StepState::Done || step.optional;
  memory[step.key] = std::move(done);
  return goes_on;
}

const FlowInfo& namedFlow(lua_State* L, const CompiledRuleset& rules) {
  const std::string_view name = checkText(L, 1);
  for (const Flow& flow : rules.flows) {
    if (flow.info.name == name) return flow.info;
  }
  failTest(L, "there is no flow '" + std::string(name) + "'");
}

}  // namespace

// t.flow(name, event [, answers]): { result, steps = { {key, kind, to, body, result, error} … },
// dead }. answers["call crm"] or answers.call is the answer, or a function of the step that gives
// it (or nil and an error); false = it fails.
int testFlow(lua_State* L) {
  Tester& tester = testerOf(L);
  lua_settop(L, 3);
  if (!lua_isnil(L, kAnswers)) luaL_checktype(L, kAnswers, LUA_TTABLE);
  const FlowInfo& flow = namedFlow(L, tester.rules());
  const Event event = eventAt(L, 2);
  JsonDoc document;
  const JsonView payload = parsed(L, document, event.payload_json);
  FlowMemory memory;
  Value steps = Value::array();
  Value result = Value::object();
  for (bool more = true; more;) {
    Trace trace = tester.newTrace();
    const auto ran = tester.runner().flow(tester.rules(), flow, event, payload, memory, &trace);
    finishRun(L, trace, ran.error);
    if (ran.value.finished) {
      setParsed(result, "result", ran.value.result_json);
      break;
    }
    for (const FlowStep& step : ran.value.wanted) {
      if (carryOut(L, step, memory, steps)) continue;
      result.set("dead", Value::text(fmt::format("step {} ({} {}): {}", step.key, step.kind,
                                                 step.target, memory[step.key].error)));
      more = false;
      break;
    }
  }
  result.set("steps", std::move(steps));
  pushValue(L, result);
  return 1;
}

}  // namespace junctor::script
