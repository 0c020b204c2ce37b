#pragma once
// Turns what a script declared (jn.normalize, jn.route, jn.map, jn.flow) into the ruleset's data.
// Runs at publish, inside a protected call.
#include "script/ruleset.h"
#include "script/table_reader.h"

namespace junctor::script {

enum class DeclarationKind { Normalize = 0, Route = 1, Map = 2, Tests = 3, Flow = 4 };
inline constexpr int kDeclarationFields = 3;  // table, kind, line

// The list of declarations of script `index` is on top of the stack.
void readDeclarations(lua_State* L, CompiledRuleset& rules, size_t index);

}  // namespace junctor::script
