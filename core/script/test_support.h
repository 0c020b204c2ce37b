#pragma once
// What the functions of `t` share. All raise, into the test.
#include <optional>
#include <string>

#include "base/json_doc.h"
#include "model/event.h"
#include "script/lua_api.h"
#include "script/tester.h"

namespace junctor::script {

Tester& testerOf(lua_State* L);
[[noreturn]] void failTest(lua_State* L, const std::string& text);
// As JSON; nil, which JSON has not, as "nil".
std::string shown(lua_State* L, int index);
// The table at `index` as an event; what it leaves out is empty.
Event eventAt(lua_State* L, int index);
JsonView parsed(lua_State* L, JsonDoc& document, const std::string& json);
// Charges the run to the test and ends it with the run's error, if there is one.
void finishRun(lua_State* L, const Trace& trace, const std::optional<RuleError>& error);

int testFlow(lua_State* L);

}  // namespace junctor::script
