#include "script/normal_form.h"

#include <algorithm>
#include <cctype>

#include "script/lib.h"
#include "script/result_writer.h"
#include "script/view.h"

namespace junctor::script {
namespace {

constexpr size_t kTypeBytesMax = 200;
constexpr size_t kIdBytesMax = 1024;
constexpr std::string_view kEnvelopeKeys[] = {"type", "at", "occurred_at", "resource", "actor"};

bool push(lua_State* L, int table, const char* name) {
  lua_pushstring(L, name);
  if (lua_rawget(L, table) != LUA_TNIL) return true;
  lua_pop(L, 1);
  return false;
}

void readType(lua_State* L, int table, const Normalizer& normalizer, const Event& event,
              NormalForm& form) {
  std::string type = event.type;
  if (push(L, table, "type")) {
    if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "'type' must be a text");
    type = checkText(L, -1);
    lua_pop(L, 1);
    if (!isEventType(type)) {
      luaL_error(L, "'type' must be dotted words like \"ticket.opened\", not '%s'",
                 type.substr(0, 80).c_str());
    }
    form.type = type;
  }
  const auto& emits = normalizer.emits;
  const bool allowed =
      emits.empty() ||
      std::any_of(emits.begin(), emits.end(), [&](const Glob& glob) { return glob.matches(type); });
  if (!allowed) luaL_error(L, "type '%s' is not among 'emits'", type.substr(0, 80).c_str());
}

void readMoment(lua_State* L, int table, NormalForm& form) {
  if (!push(L, table, "at") && !push(L, table, "occurred_at")) return;
  int64_t unix_ms = 0;
  if (!readTime(L, -1, unix_ms)) luaL_error(L, "'at' is no time");
  form.occurred_at_ms = unix_ms;
  lua_pop(L, 1);
}

// The text of an id on top of the stack; pops it.
std::string takeId(lua_State* L, const char* name) {
  const int type = lua_type(L, -1);
  if (type != LUA_TSTRING && lua_isinteger(L, -1) == 0) {
    luaL_error(L, "'%s' must be a text or a whole number", name);
  }
  pushDisplay(L, -1);
  std::string text(checkText(L, -1));
  lua_pop(L, 2);
  if (text.size() > kIdBytesMax) luaL_error(L, "'%s' is too long", name);
  return text;
}

void readResource(lua_State* L, int table, const Event& event, NormalForm& form) {
  const std::string& type = form.type ? *form.type : event.type;
  Resource resource{type.substr(0, type.find('.')), ""};
  if (push(L, table, "resource")) {
    const int index = lua_gettop(L);
    if (lua_type(L, index) != LUA_TTABLE) luaL_error(L, "'resource' must be a table {type=, id=}");
    if (push(L, index, "type")) resource.type = takeId(L, "resource.type");
    if (push(L, index, "id")) resource.id = takeId(L, "resource.id");
    lua_pop(L, 1);
    form.resource = resource;
  } else if (push(L, table, "id")) {
    resource.id = takeId(L, "id");
    form.resource = resource;
  }
}

}  // namespace

bool isEventType(std::string_view type) {
  return !type.empty() && type.size() <= kTypeBytesMax && type.front() != '.' &&
         type.back() != '.' && std::all_of(type.begin(), type.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' ||
                  c == '-';
         });
}

void NormalForm::applyTo(Event& event) && {
  if (type) event.type = std::move(*type);
  if (occurred_at_ms) event.occurred_at_ms = *occurred_at_ms;
  if (resource) event.resource = std::move(*resource);
  if (actor_json) event.actor_json = std::move(*actor_json);
  event.data_json = std::move(data_json);
}

NormalForm readNormalForm(lua_State* L, const Normalizer& normalizer, const Event& event) {
  NormalForm form;
  if (lua_isnil(L, -1)) return form;
  if (lua_type(L, -1) != LUA_TTABLE) luaL_error(L, "'event' must return a table or nil");
  const int table = lua_gettop(L);
  form.present = true;
  readType(L, table, normalizer, event, form);
  readMoment(L, table, form);
  readResource(L, table, event, form);
  ResultWriter writer(L);
  if (push(L, table, "actor")) {
    writer.value(-1);
    form.actor_json = writer.take();
    lua_pop(L, 1);
  }
  writer.objectWithout(table, kEnvelopeKeys);
  form.data_json = writer.take();
  return form;
}

}  // namespace junctor::script
