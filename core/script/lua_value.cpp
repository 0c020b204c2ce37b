#include "script/lua_value.h"

#include <array>
#include <charconv>

#include "script/lib.h"
#include "script/result_writer.h"
#include "script/view.h"

namespace junctor::script {
namespace {

using mapping::Value;

// The shortest text of a double is the literal again, or the double is not what was written.
bool sameNumber(double value, const std::string& literal) {
  constexpr size_t kSureDigits = 15;  // so many decimal digits survive a double
  size_t digits = 0;
  for (const char c : literal) {
    if (c == 'e' || c == 'E') break;
    if (c >= '0' && c <= '9' && (digits > 0 || c != '0')) ++digits;
  }
  if (digits <= kSureDigits) return true;
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return literal == std::string_view(text.data(), static_cast<size_t>(end - text.data()));
}

void pushNumber(lua_State* L, const std::string& literal) {
  const char* const end = literal.data() + literal.size();
  int64_t integer = 0;
  const auto whole = std::from_chars(literal.data(), end, integer);
  if (whole.ec == std::errc() && whole.ptr == end) return lua_pushinteger(L, integer);
  double real = 0;
  const auto parsed = std::from_chars(literal.data(), end, real);
  const bool exact = parsed.ec == std::errc() && parsed.ptr == end && sameNumber(real, literal);
  if (exact) return lua_pushnumber(L, real);
  lua_pushlstring(L, literal.data(), literal.size());
}

void pushPart(lua_State* L, const Value& value) {
  if (value.isNull()) return pushNull(L);
  pushValue(L, value);
}

}  // namespace

void pushValue(lua_State* L, const Value& value) {
  luaL_checkstack(L, 8, "value nested too deep");
  contextOf(L).budget.chargeBytes(L, value.asText().size());
  switch (value.type()) {
    case Value::Type::Null:
      return lua_pushnil(L);
    case Value::Type::Bool:
      return lua_pushboolean(L, value.asBool() ? 1 : 0);
    case Value::Type::Number:
      return pushNumber(L, value.asText());
    case Value::Type::Text:
      lua_pushlstring(L, value.asText().data(), value.asText().size());
      return;
    case Value::Type::Array: {
      lua_newtable(L);
      lua_rawgeti(L, LUA_REGISTRYINDEX, contextOf(L).array_metatable_ref);
      lua_setmetatable(L, -2);
      lua_Integer position = 0;
      for (const Value& item : value.items()) {
        pushPart(L, item);
        lua_rawseti(L, -2, ++position);
      }
      return;
    }
    case Value::Type::Object:
      lua_newtable(L);
      for (const mapping::Member& member : value.members()) {
        lua_pushlstring(L, member.key.data(), member.key.size());
        pushPart(L, member.value);
        lua_rawset(L, -3);
      }
      return;
  }
}

Value valueAt(lua_State* L, int index) {
  ResultWriter writer(L);
  writer.value(index);
  auto value = mapping::parseValue(writer.take());
  if (!value) luaL_error(L, "%s", value.error().message.c_str());
  return std::move(*value);
}

}  // namespace junctor::script
