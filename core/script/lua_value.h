#pragma once
// Between Lua values and the exact JSON values that mappings work on.
#include "mapping/value.h"
#include "script/lua_api.h"

namespace junctor::script {

// Pushes plain tables and scalars. Null members are jn.null, so that they are kept; the value
// itself, if null, is nil. A number that neither an integer nor a double can hold is its text.
// Charges the budget; raises on lack of memory.
void pushValue(lua_State* L, const mapping::Value& value);
// The value at `index`, within the limits of results. Raises what JSON cannot say.
mapping::Value valueAt(lua_State* L, int index);

}  // namespace junctor::script
