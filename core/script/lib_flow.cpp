// The steps of durable flows: `f`, and jn.all. A step that is remembered answers; any other one is
// noted as wanted and ends the run.
#include <fmt/core.h>

#include <algorithm>

#include "base/limits.h"
#include "config/values.h"
#include "crypto/hash.h"
#include "mapping/value.h"
#include "script/context.h"
#include "script/flow_session.h"
#include "script/lib.h"
#include "script/lua_value.h"
#include "script/result_writer.h"
#include "script/table_reader.h"

namespace junctor::script {
namespace {

using End = FlowSession::End;

// The Lua function that asks: errors name its line.
TableReader callerOf(lua_State* L) {
  lua_Debug caller{};
  if (lua_getstack(L, 1, &caller) != 0) lua_getinfo(L, "Sl", &caller);
  return {L, caller.short_src, caller.currentline};
}

std::string placeOf(lua_State* L) {
  lua_Debug caller{};
  if (lua_getstack(L, 1, &caller) != 0) lua_getinfo(L, "Sl", &caller);
  return fmt::format("{}:{}", caller.short_src, caller.currentline);
}

[[noreturn]] void end(lua_State* L, End how) {
  flowOf(L).end = how;
  lua_pushliteral(L, "the flow is not at its end");
  lua_error(L);
  std::abort();  // lua_error does not return
}

[[noreturn]] void changed(lua_State* L, const std::string& problem) {
  flowOf(L).problem = placeOf(L) + ": " + problem +
                      ". A flow must do the same whenever it runs: it may depend on the event and "
                      "on answers of steps alone";
  end(L, End::Changed);
}

int64_t durationAt(const TableReader& reader, int index, const std::string& what, int64_t most_ms) {
  lua_State* L = reader.state();
  if (lua_isinteger(L, index) != 0) {
    const lua_Integer seconds = lua_tointeger(L, index);
    if (seconds < 0 || seconds > most_ms / 1000) reader.fail("'" + what + "' is out of range");
    return seconds * 1000;
  }
  const auto read = config::parseDuration(reader.textAt(index, "'" + what + "'"),
                                          std::chrono::milliseconds(most_ms));
  if (!read) reader.fail("'" + what + "' " + read.error().message);
  return read->count();
}

int64_t duration(const TableReader& reader, int table, const char* name, int64_t most_ms) {
  if (!reader.push(table, name)) return 0;
  const int64_t read = durationAt(reader, -1, name, most_ms);
  lua_pop(reader.state(), 1);
  return read;
}

void readOptions(lua_State* L, int index, std::initializer_list<std::string_view> known,
                 FlowStep& step, int64_t timeout_max_ms) {
  if (lua_isnoneornil(L, index)) return;
  const TableReader reader = callerOf(L);
  reader.checkKeys(index, known, "options of " + step.kind);
  step.optional = reader.flag(index, "optional");
  const int64_t tries = reader.integer(index, "tries").value_or(0);
  if (tries < 0 || tries > limits::kFlowStepTriesMax) {
    reader.fail(fmt::format("'tries' must be 1 to {}", limits::kFlowStepTriesMax));
  }
  step.tries = static_cast<int>(tries);
  step.timeout_ms = duration(reader, index, "timeout", timeout_max_ms);
  step.cache_ms = duration(reader, index, "cache", limits::kFlowCacheMsMax);
}

std::string jsonAt(lua_State* L, int index) {
  if (lua_isnoneornil(L, index)) return "";
  ResultWriter writer(L);
  writer.value(index);
  return writer.take();
}

std::string nameAt(lua_State* L, int index, const char* what) {
  std::string name(checkText(L, index));
  if (name.empty() || name.size() > limits::kFlowKvKeyBytesMax) {
    callerOf(L).fail(std::string(what) + " must have 1 to 256 bytes");
  }
  return name;
}

// When the step was over, as the order key of an id made then: what an effect may bring about can
// arrive as soon as it began.
int64_t overAt(const Step& step) {
  if (step.kind == "wait") {
    const auto answer = mapping::parseValue(step.result_json);
    const auto* id = answer && answer->isObject() ? answer->find("id") : nullptr;
    const auto event = id ? EventId::parse(id->asText()) : std::nullopt;
    if (event) return event->orderKey();
  }
  const bool effect = step.kind != "wait" && step.kind != "sleep";
  return (effect ? step.started_at_ms : step.ended_at_ms) << 12;
}

int answer(lua_State* L, const Step& step) {
  if (step.state == StepState::Failed) {
    lua_pushnil(L);
    lua_pushlstring(L, step.error.data(), step.error.size());
    return 2;
  }
  if (step.kind == "wait" && step.result_json.empty()) {
    lua_pushnil(L);
    lua_pushliteral(L, "timeout");
    return 2;
  }
  if (step.result_json.empty()) return lua_pushnil(L), 1;
  const auto value = mapping::parseValue(step.result_json);
  if (!value) luaL_error(L, "the answer of step %s is damaged", step.key.c_str());
  pushValue(L, *value);
  return 1;
}

int take(lua_State* L, FlowStep step) {
  FlowSession& flow = flowOf(L);
  contextOf(L).budget.charge(L, 100 + static_cast<int64_t>(step.args_json.size() / 16));
  step.key = flow.line.prefix + std::to_string(++flow.line.count);
  step.where = placeOf(L);
  if (step.target.empty()) step.target = step.name;
  step.digest = crypto::sha256Hex(step.kind + '\n' + step.target + '\n' + step.args_json);
  const Step* known = flow.visit(step.key);
  if (flow.visited() > limits::kFlowStepsMax) {
    callerOf(L).fail(fmt::format("a flow has at most {} steps", limits::kFlowStepsMax));
  }
  if (known != nullptr && known->digest != step.digest) {
    const bool same = known->kind == step.kind && known->target == step.target;
    changed(L, fmt::format("step {} is now '{} {}'{}, and was '{} {}' when it ran first", step.key,
                           step.kind, step.target, same ? " with other arguments" : "", known->kind,
                           known->target));
  }
  if (known != nullptr && isFinished(known->state)) {
    flow.line.since_key = std::max(flow.line.since_key, overAt(*known));
    return answer(L, *known);
  }
  step.since_key = flow.line.since_key;
  flow.wanted.push_back(std::move(step));
  end(L, End::Suspended);
}

// f.call(destination, body [, { optional, tries, timeout, cache }])
int call(lua_State* L) {
  flowOf(L);
  FlowStep step;
  step.kind = "call";
  step.name = nameAt(L, 1, "a destination");
  step.args_json = jsonAt(L, 2);
  readOptions(L, 3, {"optional", "tries", "timeout", "cache"}, step, limits::kFlowCallMsMax);
  return take(L, std::move(step));
}

// f.act(integration, action, params [, { optional, tries, cache }])
int act(lua_State* L) {
  flowOf(L);
  FlowStep step;
  step.kind = "act";
  step.name = nameAt(L, 1, "an integration");
  step.action = nameAt(L, 2, "an action");
  step.target = step.name + "/" + step.action;
  step.args_json = lua_isnoneornil(L, 3) ? "{}" : jsonAt(L, 3);
  readOptions(L, 4, {"optional", "tries", "cache"}, step, 0);
  return take(L, std::move(step));
}

// f.llm(integration, request [, { optional, tries, cache }])
int llm(lua_State* L) {
  flowOf(L);
  FlowStep step;
  step.kind = "llm";
  step.name = nameAt(L, 1, "an integration");
  step.action = "chat";
  luaL_checkany(L, 2);
  step.args_json = jsonAt(L, 2);
  readOptions(L, 3, {"optional", "tries", "cache"}, step, 0);
  return take(L, std::move(step));
}

// f.sleep("5m") or f.sleep(seconds)
int sleep(lua_State* L) {
  flowOf(L);
  FlowStep step;
  step.kind = "sleep";
  step.timeout_ms = durationAt(callerOf(L), 1, "sleep", limits::kFlowSleepMsMax);
  step.target = config::formatDuration(std::chrono::milliseconds(step.timeout_ms));
  return take(L, std::move(step));
}

// f.wait("ticket.*" | { type, source, integration, where } [, { timeout }])
int wait(lua_State* L) {
  flowOf(L);
  FlowStep step;
  step.kind = "wait";
  const bool text = lua_type(L, 1) == LUA_TSTRING;
  step.args_json = jsonAt(L, 1);
  if (text) step.args_json = "{\"type\":" + step.args_json + "}";
  const auto pattern = WaitPattern::parse(step.args_json.empty() ? "null" : step.args_json);
  if (!pattern) callerOf(L).fail("wait: " + pattern.error().message);
  const auto json = mapping::parseValue(step.args_json);
  step.target = json->find("type")->asText();
  readOptions(L, 2, {"timeout"}, step, limits::kFlowSleepMsMax);
  if (step.timeout_ms == 0) step.timeout_ms = limits::kFlowWaitMsDefault;
  return take(L, std::move(step));
}

// f.emit { type = …, data = …, payload = …, resource = …, metadata = … }
int emit(lua_State* L) {
  flowOf(L);
  FlowStep step;
  step.kind = "emit";
  const TableReader reader = callerOf(L);
  reader.checkKeys(1, {"type", "data", "payload", "resource", "metadata"}, "an event");
  const auto type = reader.text(1, "type");
  if (!type) reader.fail("an event needs a 'type'");
  const bool plain = std::all_of(type->begin(), type->end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
  });
  if (!plain || type->size() > limits::kEventTypeBytesMax) {
    reader.fail("a type has letters, digits, '.', '_' and '-'");
  }
  if (reader.push(1, "resource")) {
    reader.checkKeys(-1, {"type", "id"}, "resource");
    lua_pop(L, 1);
  }
  step.name = *type;
  step.args_json = jsonAt(L, 1);
  return take(L, std::move(step));
}

// f.get(key)
int get(lua_State* L) {
  flowOf(L);
  FlowStep step;
  step.kind = "get";
  step.name = nameAt(L, 1, "a key");
  return take(L, std::move(step));
}

// f.set(key, value): nil removes it.
int set(lua_State* L) {
  flowOf(L);
  FlowStep step;
  step.kind = "set";
  step.name = nameAt(L, 1, "a key");
  step.args_json = jsonAt(L, 2);
  if (step.args_json.size() > limits::kFlowKvValueBytesMax)
    callerOf(L).fail("the value is too long");
  return take(L, std::move(step));
}

struct Branch {
  std::string name;
  lua_Integer position = 0;  // 0: it has a name
};

void checkBranch(const TableReader& reader, const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
  if (name.empty() || name.size() > limits::kFlowNameBytesMax || !plain) {
    reader.fail("a branch's name has 1 to 64 letters, digits, '_' and '-'");
  }
}

// In an order of their own: positions, then names.
std::vector<Branch> branchesOf(lua_State* L) {
  const TableReader reader = callerOf(L);
  std::vector<Branch> all;
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    if (lua_type(L, -1) != LUA_TFUNCTION) reader.fail("jn.all wants functions");
    lua_pop(L, 1);
    Branch branch;
    if (lua_isinteger(L, -1) != 0) {
      branch.position = lua_tointeger(L, -1);
      branch.name = std::to_string(branch.position);
    } else {
      branch.name = reader.textAt(-1, "a branch's name");
    }
    checkBranch(reader, branch.name);
    all.push_back(std::move(branch));
    if (all.size() > limits::kFlowBranchesMax) {
      reader.fail(fmt::format("jn.all takes at most {} functions", limits::kFlowBranchesMax));
    }
  }
  std::sort(all.begin(), all.end(), [](const Branch& a, const Branch& b) {
    return a.position != b.position ? a.position < b.position : a.name < b.name;
  });
  return all;
}

void pushKey(lua_State* L, const Branch& branch) {
  if (branch.position != 0) return lua_pushinteger(L, branch.position);
  lua_pushlstring(L, branch.name.data(), branch.name.size());
}

}  // namespace

// jn.all { name = function() … end, … }: each function has a line of steps of its own; the steps
// that all of them lack are carried out side by side. A table of what they return.
int jnAll(lua_State* L) {
  FlowSession& flow = flowOf(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  const std::vector<Branch> branches = branchesOf(L);
  lua_newtable(L);
  FlowSession::Line outer = flow.line;
  const std::string prefix = outer.prefix + std::to_string(++outer.count) + ".";
  const int64_t begun = outer.since_key;
  bool suspended = false;
  Budget& budget = contextOf(L).budget;
  for (const Branch& branch : branches) {
    flow.line = {prefix + branch.name + ".", 0, begun};
    pushKey(L, branch);
    pushKey(L, branch);
    lua_rawget(L, 1);
    const int status = lua_pcall(L, 0, 1, 0);
    if (budget.aborted() != Abort::None) budget.raise(L);
    if (status == LUA_ERRMEM) budget.abort(L, Abort::Memory);
    if (status == LUA_OK) {
      outer.since_key = std::max(outer.since_key, flow.line.since_key);
      lua_rawset(L, 2);
      continue;
    }
    if (flow.end != End::Suspended) return lua_error(L);
    flow.end = End::None;
    suspended = true;
    lua_pop(L, 2);
  }
  flow.line = outer;
  if (suspended) end(L, End::Suspended);
  return 1;
}

void pushFlowLibrary(lua_State* L) {
  constexpr luaL_Reg kFunctions[] = {{"call", call},   {"act", act},   {"llm", llm},
                                     {"sleep", sleep}, {"wait", wait}, {"emit", emit},
                                     {"get", get},     {"set", set},   {nullptr, nullptr}};
  luaL_newlib(L, kFunctions);
}

}  // namespace junctor::script
