#pragma once
// Views: read-only userdata through which a script reads JSON. A member is looked up when it is
// asked for; nothing is copied into the VM but the scalars read. A view of an earlier event raises
// an error instead of reading what is gone.
#include "base/json_doc.h"
#include "script/context.h"
#include "script/lua_api.h"

namespace junctor::script {

// Creates the metatables of a state. Call once.
void installViews(lua_State* L);

// Pushes a scalar as Lua value, null and absent as nil, an array or object as view. Integers
// beyond int64 become decimal text.
void pushJson(lua_State* L, JsonView json);
// `ev` of normalizers: the payload, its reads noted in traced runs.
void pushPayload(lua_State* L, JsonView payload);
// `ev` of routes (envelope names first) and `ctx`. Both read the event of the current run.
void pushEvent(lua_State* L);
void pushCtx(lua_State* L);

// The value is a view: its JSON, or an invalid view if it is none. Raises if it is outdated.
JsonView toView(lua_State* L, int index);
bool isView(lua_State* L, int index);
// Pushes an iterator function over a view's members or elements, in document order.
void pushViewIterator(lua_State* L, int index);

// The value of jn.null.
void pushNull(lua_State* L);
bool isNull(lua_State* L, int index);

}  // namespace junctor::script
