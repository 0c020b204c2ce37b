#include "script/view.h"

#include <algorithm>
#include <charconv>
#include <new>

#include "script/lib.h"

namespace junctor::script {
namespace {

enum class Kind : uint32_t { Json = 0x4a6e5631, Event = 0x4a6e4531, Ctx = 0x4a6e4331 };

struct Block {
  Kind kind;  // doubles as a magic word
  uint32_t generation;
  uint32_t path;  // in the read log; 0: not traced
  JsonView view;
};

const char kNull = 0;

Block& check(lua_State* L, int index) {
  auto* block = static_cast<Block*>(lua_touserdata(L, index));
  const bool known =
      block != nullptr && lua_islightuserdata(L, index) == 0 &&
      lua_rawlen(L, index) >= sizeof(Block) &&
      (block->kind == Kind::Json || block->kind == Kind::Event || block->kind == Kind::Ctx);
  if (!known) luaL_error(L, "not an event value");
  if (block->generation != contextOf(L).generation) {
    luaL_error(L, "this value belongs to an earlier event");
  }
  return *block;
}

void pushBlock(lua_State* L, Kind kind, JsonView view, uint32_t path = 0) {
  Context& context = contextOf(L);
  void* memory = lua_newuserdatauv(L, sizeof(Block), 0);
  new (memory) Block{kind, context.generation, path, view};
  lua_rawgeti(L, LUA_REGISTRYINDEX, context.view_metatable_ref);
  lua_setmetatable(L, -2);
}

void pushAt(lua_State* L, JsonView json, uint32_t path) {
  const bool container = json.isArray() || json.isObject();
  if (container) return pushBlock(L, Kind::Json, json, path);
  pushJson(L, json);
}

// A member of a view: noted if the run is traced.
void pushMember(lua_State* L, const Block& of, std::string_view name, JsonView json) {
  ReadLog* log = contextOf(L).reads;
  if (log == nullptr || of.path == 0) return pushAt(L, json, 0);
  const uint32_t path = log->child(of.path, name);
  log->note(path, json);
  pushAt(L, json, path);
}

void pushNamed(lua_State* L, std::string_view name, JsonView json) {
  ReadLog* log = contextOf(L).reads;
  if (log == nullptr) return pushAt(L, json, 0);
  const uint32_t path = log->child(0, name);
  log->note(path, json);
  pushAt(L, json, path);
}

void pushText(lua_State* L, std::string_view text) {
  if (text.empty()) {
    lua_pushnil(L);
  } else {
    lua_pushlstring(L, text.data(), text.size());
  }
}

void pushResource(lua_State* L, const Resource& resource) {
  lua_createtable(L, 0, 2);
  pushText(L, resource.type);
  lua_setfield(L, -2, "type");
  pushText(L, resource.id);
  lua_setfield(L, -2, "id");
}

void pushEventField(lua_State* L, EventFields& fields, std::string_view name) {
  const Envelope envelope = envelopeOf(name);
  switch (envelope) {
    case Envelope::None:
      return pushNamed(L, name, fields.open(name));
    case Envelope::Actor:
    case Envelope::Data:
    case Envelope::Payload:
    case Envelope::Metadata:
      return pushNamed(L, name, fields.json(envelope));
    case Envelope::Resource:
      return pushResource(L, fields.event().resource);
    default:
      if (ReadLog* log = contextOf(L).reads) log->noteText(name, fields.text(envelope));
      return pushText(L, fields.text(envelope));
  }
}

void pushCtxField(lua_State* L, EventFields& fields, std::string_view name) {
  if (name == "rand") return lua_pushcfunction(L, ctxRand);
  if (name == "local_hour") return lua_pushcfunction(L, ctxLocalHour);
  if (name == "lookup") return lua_pushcfunction(L, jnLookup);
  const Envelope envelope = envelopeOf(name);
  switch (envelope) {
    case Envelope::None:
    case Envelope::Payload:
      luaL_error(L, "ctx has no '%s'", std::string(name).c_str());
      return;
    default:
      return pushEventField(L, fields, name);
  }
}

int viewIndex(lua_State* L) {
  Block& block = check(L, 1);
  if (lua_type(L, 2) == LUA_TSTRING) {
    size_t size = 0;
    const char* name = lua_tolstring(L, 2, &size);
    const std::string_view key(name, size);
    switch (block.kind) {
      case Kind::Json:
        pushMember(L, block, key, block.view.find(key));
        break;
      case Kind::Event:
        pushEventField(L, *contextOf(L).fields, key);
        break;
      case Kind::Ctx:
        pushCtxField(L, *contextOf(L).fields, key);
        break;
    }
    return 1;
  }
  int is_integer = 0;
  const lua_Integer position = lua_tointegerx(L, 2, &is_integer);
  if (is_integer == 0 || block.kind != Kind::Json || position < 1) return 0;
  const auto steps = std::min(position, static_cast<lua_Integer>(block.view.size()));
  contextOf(L).budget.charge(L, 1 + steps / 16);  // elements are found by walking
  const JsonView element = block.view.at(static_cast<size_t>(position - 1));
  if (block.path == 0) {
    pushJson(L, element);
  } else {
    pushMember(L, block, std::to_string(position), element);
  }
  return 1;
}

int viewLength(lua_State* L) {
  const Block& block = check(L, 1);
  const size_t size = block.kind == Kind::Json ? block.view.size() : 0;
  lua_pushinteger(L, static_cast<lua_Integer>(size));
  return 1;
}

int viewNewIndex(lua_State* L) {
  return luaL_error(L, "events are read-only");
}

struct Cursor {
  uint32_t generation;
  bool array;
  uint32_t path;
  lua_Integer position;
  JsonView::Iterator it, end;
};

int nextMember(lua_State* L) {
  auto& cursor = *static_cast<Cursor*>(lua_touserdata(L, lua_upvalueindex(1)));
  if (cursor.generation != contextOf(L).generation) {
    return luaL_error(L, "this iterator belongs to an earlier event");
  }
  if (!(cursor.it != cursor.end)) return 0;
  contextOf(L).budget.charge(L, 2);
  if (cursor.array) {
    lua_pushinteger(L, ++cursor.position);
  } else {
    lua_pushlstring(L, cursor.it.key().data(), cursor.it.key().size());
  }
  const Block block{Kind::Json, cursor.generation, cursor.path, {}};
  const std::string_view name = cursor.array ? std::string_view("[]") : cursor.it.key();
  pushMember(L, block, name, *cursor.it);
  ++cursor.it;
  return 2;
}

}  // namespace

void installViews(lua_State* L) {
  constexpr luaL_Reg kMethods[] = {{"__index", viewIndex},
                                   {"__newindex", viewNewIndex},
                                   {"__len", viewLength},
                                   {nullptr, nullptr}};
  Context& context = contextOf(L);
  luaL_newlib(L, kMethods);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  context.view_metatable_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_newtable(L);  // marks tables that are arrays even when empty
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  context.array_metatable_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

void pushJson(lua_State* L, JsonView json) {
  if (!json.valid()) return lua_pushnil(L);
  switch (json.type()) {
    case JsonType::Null:
      return lua_pushnil(L);
    case JsonType::Bool:
      return lua_pushboolean(L, *json.asBool() ? 1 : 0);
    case JsonType::Int:
      return lua_pushinteger(L, *json.asInt());
    case JsonType::Double:
      return lua_pushnumber(L, *json.asDouble());
    case JsonType::String: {
      const std::string_view text = json.asString();
      contextOf(L).budget.chargeBytes(L, text.size());
      lua_pushlstring(L, text.data(), text.size());
      return;
    }
    case JsonType::Uint: {
      char digits[24];
      const auto end = std::to_chars(digits, digits + sizeof digits, *json.asUint()).ptr;
      lua_pushlstring(L, digits, static_cast<size_t>(end - digits));
      return;
    }
    case JsonType::Array:
    case JsonType::Object:
      return pushBlock(L, Kind::Json, json);
  }
}

void pushPayload(lua_State* L, JsonView payload) {
  const ReadLog* log = contextOf(L).reads;
  pushAt(L, payload, log == nullptr ? 0 : log->root);
}

void pushEvent(lua_State* L) {
  pushBlock(L, Kind::Event, {});
}
void pushCtx(lua_State* L) {
  pushBlock(L, Kind::Ctx, {});
}

bool isView(lua_State* L, int index) {
  return lua_type(L, index) == LUA_TUSERDATA;
}

JsonView toView(lua_State* L, int index) {
  if (!isView(L, index)) return {};
  const Block& block = check(L, index);
  if (block.kind == Kind::Event) luaL_error(L, "'ev' as a whole is no value: use a part of it");
  if (block.kind == Kind::Ctx) luaL_error(L, "'ctx' as a whole is no value: use a part of it");
  return block.view;
}

void pushViewIterator(lua_State* L, int index) {
  const JsonView view = toView(L, index);
  const uint32_t path = check(L, index).path;
  void* memory = lua_newuserdatauv(L, sizeof(Cursor), 0);
  new (memory) Cursor{contextOf(L).generation, view.isArray(), path, 0, view.begin(), view.end()};
  lua_pushcclosure(L, nextMember, 1);
}

void pushNull(lua_State* L) {
  lua_pushlightuserdata(L, const_cast<char*>(&kNull));
}
bool isNull(lua_State* L, int index) {
  return lua_type(L, index) == LUA_TLIGHTUSERDATA && lua_touserdata(L, index) == &kNull;
}

}  // namespace junctor::script
