#include "script/sandbox.h"

#include <fmt/core.h>

#include <cctype>

#include "base/bytes.h"
#include "base/limits.h"
#include "script/lib.h"
#include "script/source_check.h"
#include "script/view.h"

namespace junctor::script {
namespace {

int refuseWrite(lua_State* L) {
  return luaL_error(L, "the libraries are read-only");
}

// Replaces the table on top by a proxy through which it can be read only.
void freeze(lua_State* L) {
  lua_newtable(L);
  lua_newtable(L);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, refuseWrite);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_remove(L, -2);
}

// Stack: base. Adds a frozen library.
void addLibrary(lua_State* L, const char* name, void (*push)(lua_State*)) {
  push(L);
  freeze(L);
  lua_setfield(L, -2, name);
}

// Methods of texts (("x"):upper()) and reads of nil (ev.a.b.c) go through metatables that no
// script can reach.
void setTypeMetatables(lua_State* L) {
  lua_pushliteral(L, "");
  lua_createtable(L, 0, 2);
  pushStringLibrary(L);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);

  lua_pushnil(L);
  lua_createtable(L, 0, 2);
  lua_newtable(L);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

// Splits "label:12: text" into its line and text. Line 0 if it is not of that form.
int takeLine(std::string_view label, std::string_view& message) {
  if (!message.starts_with(label) || message.size() <= label.size() ||
      message[label.size()] != ':') {
    return 0;
  }
  size_t i = label.size() + 1;
  int line = 0;
  for (; i < message.size() && std::isdigit(static_cast<unsigned char>(message[i])) != 0; ++i) {
    line = line * 10 + (message[i] - '0');
    if (line > 1'000'000) return 0;
  }
  if (message.substr(i, 2) != ": ") return 0;
  message.remove_prefix(i + 2);
  return line;
}

std::string clipped(std::string_view text) {
  std::string out(text.substr(0, limits::kRuleErrorBytesMax));
  while (!out.empty() && !validUtf8(out)) out.pop_back();
  return out;
}

}  // namespace

std::unique_ptr<Sandbox> Sandbox::open(const RuleBudget& budget) {
  std::unique_ptr<Sandbox> sandbox(new Sandbox(budget));
  sandbox->L_ = lua_newstate(&Budget::allocate, &sandbox->context_.budget);
  if (sandbox->L_ == nullptr) return nullptr;
  *static_cast<Context**>(lua_getextraspace(sandbox->L_)) = &sandbox->context_;
  sandbox->beginRun(nullptr, nullptr);
  const auto error = sandbox->protect({}, [&](lua_State* L) { sandbox->build(L); });
  if (error) return nullptr;
  return sandbox;
}

Sandbox::~Sandbox() {
  if (L_ == nullptr) return;
  context_.budget.disarm(L_);
  lua_close(L_);
}

void Sandbox::build(lua_State* L) {
  // The libraries stay for ever: collecting more often than at four times the live size would
  // mostly walk them.
  constexpr int kPausePercent = 400;
  lua_gc(L, LUA_GCINC, kPausePercent, 0, 0);
  installViews(L);
  lua_createtable(L, 0, 2);  // the metatable of environments
  pushBaseLibrary(L);
  addLibrary(L, "string", pushStringLibrary);
  addLibrary(L, "table", pushTableLibrary);
  addLibrary(L, "math", pushMathLibrary);
  addLibrary(L, "utf8", pushUtf8Library);
  addLibrary(L, "jn", pushJnLibrary);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  environment_metatable_ref_ = luaL_ref(L, LUA_REGISTRYINDEX);
  setTypeMetatables(L);
  // Nothing of the stock libraries stays reachable.
  lua_newtable(L);
  lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_pushnil(L);
  lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
}

void Sandbox::beginRun(EventFields* fields, Trace* trace, const CompiledRuleset* rules) {
  ++context_.generation;
  context_.fields = fields;
  context_.rules = rules;
  context_.flow = nullptr;
  context_.log = trace == nullptr ? nullptr : &trace->lines;
  context_.reads = nullptr;
  context_.hits = nullptr;
  read_log_.last.clear();
  if (trace != nullptr && trace->details) {
    read_log_.paths = {"", ""};  // 0 is not traced, 1 the payload itself
    read_log_.root = 1;
    read_log_.reads = &trace->reads;
    context_.reads = &read_log_;
    context_.hits = &trace->hits;
  }
  context_.log_lines = 0;
  context_.random_seeded = false;
  handler_line_ = 0;
  context_.budget.begin(L_);
}

std::optional<RuleError> Sandbox::run(const ScriptText& script, lua_CFunction body,
                                      void* argument) {
  lua_settop(L_, 0);
  lua_pushcfunction(L_, body);
  lua_pushlightuserdata(L_, argument);
  const int status = lua_pcall(L_, 1, 0, 0);
  context_.declarations_ref = LUA_NOREF;
  if (status == LUA_OK && context_.budget.aborted() == Abort::None) return std::nullopt;
  for (Script& one : scripts_) one.fresh = false;
  RuleError error = failure(script, status);
  lua_settop(L_, 0);
  return error;
}

// The latch is believed first; of the error object only a string is looked at.
RuleError Sandbox::failure(const ScriptText& script, int status) {
  RuleError error;
  int line = 0;
  const Abort aborted = status == LUA_ERRMEM ? Abort::Memory : context_.budget.aborted();
  if (aborted != Abort::None) {
    error.budget = true;
    error.message = describe(aborted);
    line = context_.budget.abortLine();
    spoiled_ = aborted == Abort::Memory;
  } else if (lua_type(L_, -1) == LUA_TSTRING) {
    size_t size = 0;
    const char* bytes = lua_tolstring(L_, -1, &size);
    std::string_view message(bytes, size);
    line = takeLine(script.label, message);
    error.message = clipped(message);
  } else {
    error.message = "error without a text";
  }
  error.rule = fmt::format("{}:{}", script.label, line != 0 ? line : handler_line_);
  return error;
}

void Sandbox::load(lua_State* L, size_t index, const ScriptText& script) {
  if (scripts_.size() <= index) scripts_.resize(index + 1);
  Script& entry = scripts_[index];
  if (entry.chunk_ref != LUA_NOREF) return;
  const std::string name = "=" + script.label;
  const int status =
      luaL_loadbufferx(L, script.source.data(), script.source.size(), name.c_str(), "t");
  if (status != LUA_OK) lua_error(L);
  entry.chunk_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  for (int* ref : {&entry.environment_ref, &entry.declarations_ref, &entry.handlers_ref}) {
    lua_pushboolean(L, 0);
    *ref = luaL_ref(L, LUA_REGISTRYINDEX);
  }
}

void Sandbox::prepare(lua_State* L, size_t index) {
  Script& script = scripts_[index];
  if (!script.fresh) runTopLevel(L, script);
  lua_rawgeti(L, LUA_REGISTRYINDEX, script.declarations_ref);
}

void Sandbox::runTopLevel(lua_State* L, Script& script) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, script.chunk_ref);
  lua_newtable(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, environment_metatable_ref_);
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawseti(L, LUA_REGISTRYINDEX, script.environment_ref);
  lua_setupvalue(L, -2, 1);
  lua_newtable(L);
  lua_rawseti(L, LUA_REGISTRYINDEX, script.declarations_ref);
  lua_newtable(L);
  lua_rawseti(L, LUA_REGISTRYINDEX, script.handlers_ref);
  context_.declarations_ref = script.declarations_ref;
  lua_call(L, 0, 0);
  context_.declarations_ref = LUA_NOREF;
  script.fresh = true;
  context_.budget.refuel(L);
}

bool Sandbox::pushHandler(lua_State* L, size_t index, lua_Integer key) {
  if (scripts_.size() <= index || !scripts_[index].fresh) return false;
  lua_rawgeti(L, LUA_REGISTRYINDEX, scripts_[index].handlers_ref);
  const bool known = lua_rawgeti(L, -1, key) == LUA_TFUNCTION;
  if (!known) lua_pop(L, 2);
  return known;
}

void Sandbox::rememberHandler(lua_State* L, size_t index, lua_Integer key) {
  Script& script = scripts_[index];
  lua_rawgeti(L, LUA_REGISTRYINDEX, script.handlers_ref);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, key);
  lua_rawgeti(L, LUA_REGISTRYINDEX, script.chunk_ref);
  const void* environment = lua_upvalueid(L, -1, 1);
  lua_pop(L, 2);
  Handler& handler = script.handlers[key];
  if (handler.checkable) handler.checkable = handler.freshness.capture(L, environment);
}

// A handler can keep something in what its upvalues reach, or in globals.
void Sandbox::endHandler(lua_State* L, size_t index, lua_Integer key) {
  Script& script = scripts_[index];
  Handler& handler = script.handlers[key];
  script.fresh = false;
  if (!handler.checkable) return;
  lua_rawgeti(L, LUA_REGISTRYINDEX, script.environment_ref);
  lua_pushnil(L);
  const bool globals = lua_next(L, -2) != 0;
  lua_pop(L, globals ? 3 : 1);
  if (!globals && handler.freshness.holds(L)) {
    script.fresh = true;
  } else {
    handler.checkable = false;
    handler.freshness.forget(L);
  }
}

}  // namespace junctor::script
