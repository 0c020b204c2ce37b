#include "script/result_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/json_writer.h"
#include "base/limits.h"
#include "script/context.h"
#include "script/view.h"

namespace junctor::script {
namespace {

constexpr size_t kOutReserved = 512;
constexpr size_t kScratchMax = 4'096;  // entries that are kept for the next writer

template <class T>
void appendNumber(std::string& out, T value) {
  std::array<char, 32> digits{};
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

bool isArrayMarked(lua_State* L, int index) {
  if (lua_getmetatable(L, index) == 0) return false;
  lua_rawgeti(L, LUA_REGISTRYINDEX, contextOf(L).array_metatable_ref);
  const bool marked = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  return marked;
}

}  // namespace

ResultWriter::ResultWriter(lua_State* L) : L_(L) {
  WriterScratch& scratch = contextOf(L).writer;
  entries_.swap(scratch.entries);
  path_.swap(scratch.path);
}

ResultWriter::~ResultWriter() {
  WriterScratch& scratch = contextOf(L_).writer;
  entries_.clear();
  path_.clear();
  if (entries_.capacity() > kScratchMax) return;
  entries_.swap(scratch.entries);
  path_.swap(scratch.path);
}

void ResultWriter::fail(const char* problem) {
  std::string where = "result";
  for (const Step& step : path_) {
    where += '.';
    where += step.position != 0 ? std::to_string(step.position) : std::string(step.key);
  }
  lua_pushfstring(L_, "%s: %s", where.substr(0, 200).c_str(), problem);
  lua_error(L_);
  std::abort();  // lua_error does not return
}

void ResultWriter::node() {
  Budget& budget = contextOf(L_).budget;
  if (++nodes_ > limits::kRuleResultNodesMax) budget.abort(L_, Abort::Result);
  budget.charge(L_, 1);
}

void ResultWriter::checkSize() {
  if (out_.size() > limits::kRuleResultBytesMax) contextOf(L_).budget.abort(L_, Abort::Result);
}

void ResultWriter::enter() {
  if (++depth_ > limits::kRuleResultDepthMax) fail("nested too deep, or a table inside itself");
}

void ResultWriter::text(std::string_view text) {
  if (out_.size() + text.size() > limits::kRuleResultBytesMax) checkSize();
  contextOf(L_).budget.chargeBytes(L_, text.size());
  if (!tryAppendJsonString(out_, text)) fail("not valid UTF-8");
  checkSize();
}

void ResultWriter::number(int index) {
  if (lua_isinteger(L_, index) != 0) return appendNumber(out_, lua_tointeger(L_, index));
  const double value = lua_tonumber(L_, index);
  if (!std::isfinite(value)) fail("not a finite number");
  appendNumber(out_, value);
}

void ResultWriter::value(int index) {
  index = lua_absindex(L_, index);
  if (out_.empty()) out_.reserve(kOutReserved);
  node();
  switch (lua_type(L_, index)) {
    case LUA_TNIL:
      out_ += "null";
      return;
    case LUA_TBOOLEAN:
      out_ += lua_toboolean(L_, index) != 0 ? "true" : "false";
      return;
    case LUA_TNUMBER:
      return number(index);
    case LUA_TSTRING: {
      size_t size = 0;
      const char* bytes = lua_tolstring(L_, index, &size);
      return text({bytes, size});
    }
    case LUA_TTABLE:
      return table(index);
    case LUA_TUSERDATA:
      return view(toView(L_, index));
    default:
      break;
  }
  if (!isNull(L_, index)) fail("a function is no JSON value");
  out_ += "null";
}

void ResultWriter::table(int index) {
  enter();
  luaL_checkstack(L_, 8, "result nested too deep");
  lua_pushnil(L_);
  if (lua_next(L_, index) == 0) {
    out_ += isArrayMarked(L_, index) ? "[]" : "{}";
  } else {
    const bool list = lua_type(L_, -2) == LUA_TNUMBER;
    lua_pop(L_, 2);
    if (list) {
      array(index, static_cast<lua_Integer>(lua_rawlen(L_, index)));
    } else {
      object(index, {});
    }
  }
  leave();
}

void ResultWriter::array(int index, lua_Integer length) {
  lua_Integer found = 0;
  lua_pushnil(L_);
  while (lua_next(L_, index) != 0) {
    lua_pop(L_, 1);
    if (lua_isinteger(L_, -1) == 0) fail("a table with both positions and names");
    const lua_Integer key = lua_tointeger(L_, -1);
    if (key < 1 || key > length) fail("a list with holes (use jn.null)");
    ++found;
    contextOf(L_).budget.charge(L_, 1);
  }
  if (found != length) fail("a list with holes (use jn.null)");
  out_.push_back('[');
  for (lua_Integer i = 1; i <= length; ++i) {
    if (i > 1) out_.push_back(',');
    lua_rawgeti(L_, index, i);
    path_.push_back({{}, i});
    value(-1);
    path_.pop_back();
    lua_pop(L_, 1);
  }
  out_.push_back(']');
}

void ResultWriter::objectWithout(int index, std::span<const std::string_view> skip) {
  enter();
  if (out_.empty()) out_.reserve(kOutReserved);
  object(lua_absindex(L_, index), skip);
  leave();
}

// The values stay on the stack while their keys are sorted.
void ResultWriter::object(int index, std::span<const std::string_view> skip) {
  const int bottom = lua_gettop(L_);
  const size_t first = entries_.size();
  lua_pushnil(L_);
  while (lua_next(L_, index) != 0) {
    if (lua_type(L_, -2) != LUA_TSTRING) fail("a table with both positions and names");
    size_t size = 0;
    const char* name = lua_tolstring(L_, -2, &size);
    const std::string_view key(name, size);
    if (std::find(skip.begin(), skip.end(), key) != skip.end()) {
      lua_pop(L_, 1);
      continue;
    }
    node();
    entries_.push_back({key, lua_gettop(L_) - 1});
    lua_insert(L_, -2);
    luaL_checkstack(L_, 8, "result too large");
  }
  const auto by_key = [](const Entry& a, const Entry& b) { return a.key < b.key; };
  std::sort(entries_.begin() + static_cast<ptrdiff_t>(first), entries_.end(), by_key);
  out_.push_back('{');
  for (size_t i = first; i < entries_.size(); ++i) {
    const Entry entry = entries_[i];
    if (i > first) out_.push_back(',');
    text(entry.key);
    out_.push_back(':');
    path_.push_back({entry.key});
    value(entry.value);
    path_.pop_back();
  }
  out_.push_back('}');
  entries_.resize(first);
  lua_settop(L_, bottom);
}

void ResultWriter::view(JsonView json) {
  switch (json.type()) {
    case JsonType::Object:
      break;
    case JsonType::Array:
      break;
    case JsonType::String:
      return text(json.asString());
    default:
      out_ += json.dump();
      return;
  }
  const bool array = json.isArray();
  enter();
  out_.push_back(array ? '[' : '{');
  bool comma = false;
  for (auto it = json.begin(), end = json.end(); it != end; ++it) {
    if (comma) out_.push_back(',');
    comma = true;
    node();
    if (!array) {
      text(it.key());
      out_.push_back(':');
    }
    view(*it);
  }
  out_.push_back(array ? ']' : '}');
  checkSize();
  leave();
}

}  // namespace junctor::script
