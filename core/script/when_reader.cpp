#include "script/when_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "script/view.h"

namespace junctor::script {
namespace {

constexpr int kConditionDepthMax = 8;
using Wanted = Matcher::Kind;

Matcher ofText(const TableReader& reader, const std::string& text, const std::string& what) {
  Matcher matcher;
  if (!Glob::hasWildcard(text)) {
    matcher.kind = Wanted::Text;
    matcher.text = text;
  } else {
    matcher.kind = Wanted::Wildcard;
    matcher.glob = readGlob(reader, text, what);
  }
  return matcher;
}

Numeric numberAt(lua_State* L, int index) {
  if (lua_isinteger(L, index) != 0) return int64_t{lua_tointeger(L, index)};
  return lua_tonumber(L, index);
}

class MatcherReader {
 public:
  MatcherReader(const TableReader& reader, const std::string& what)
      : reader_(reader), L_(reader.state()), what_(what) {}

  Matcher read(int index, int depth) const {
    index = lua_absindex(L_, index);
    if (depth > kConditionDepthMax) reader_.fail(what_ + ": conditions nested too deep");
    luaL_checkstack(L_, 8, "conditions");
    Matcher matcher;
    switch (lua_type(L_, index)) {
      case LUA_TSTRING:
        return ofText(reader_, reader_.textAt(index, what_), what_);
      case LUA_TNUMBER:
        matcher.kind = Wanted::Number;
        matcher.number = numberAt(L_, index);
        return matcher;
      case LUA_TBOOLEAN:
        matcher.kind = Wanted::Bool;
        matcher.flag = lua_toboolean(L_, index) != 0;
        return matcher;
      case LUA_TTABLE:
        return lua_rawlen(L_, index) > 0 ? list(index, depth) : operators(index, depth);
      default:
        break;
    }
    if (!isNull(L_, index)) reader_.fail(what_ + ": a function is no condition (use `where`)");
    matcher.kind = Wanted::Null;
    return matcher;
  }

 private:
  Matcher list(int index, int depth) const {
    Matcher matcher;
    matcher.kind = Wanted::OneOf;
    const lua_Integer length = reader_.listLength(index, what_);
    for (lua_Integer i = 1; i <= length; ++i) {
      lua_rawgeti(L_, index, i);
      matcher.children.push_back(read(-1, depth + 1));
      lua_pop(L_, 1);
    }
    return matcher;
  }

  Matcher operators(int index, int depth) const {
    reader_.checkKeys(index, {"any", "gt", "ge", "lt", "le", "exists", "cidr", "not_"},
                      what_ + " (a nested field is written [\"a.b\"])");
    Matcher all;
    constexpr std::pair<const char*, Wanted> kOrders[] = {
        {"gt", Wanted::Gt}, {"ge", Wanted::Ge}, {"lt", Wanted::Lt}, {"le", Wanted::Le}};
    for (const auto& [name, kind] : kOrders) {
      if (!reader_.push(index, name)) continue;
      all.children.push_back(order(kind, name));
      lua_pop(L_, 1);
    }
    if (reader_.push(index, "exists")) {
      lua_pop(L_, 1);
      all.children.emplace_back();
      all.children.back().kind = Wanted::Exists;
      all.children.back().flag = reader_.flag(index, "exists");
    }
    if (reader_.push(index, "cidr")) {
      all.children.push_back(networks());
      lua_pop(L_, 1);
    }
    for (const auto& [name, kind] :
         {std::pair{"any", Wanted::Any}, std::pair{"not_", Wanted::Not}}) {
      if (!reader_.push(index, name)) continue;
      all.children.emplace_back();
      all.children.back().kind = kind;
      all.children.back().children.push_back(read(-1, depth + 1));
      lua_pop(L_, 1);
    }
    if (all.children.empty()) reader_.fail(what_ + ": empty condition");
    if (all.children.size() > 1) return all;
    Matcher only = std::move(all.children.front());
    return only;
  }

  Matcher order(Wanted kind, const char* name) const {
    Matcher matcher;
    matcher.kind = kind;
    if (lua_type(L_, -1) == LUA_TNUMBER) {
      matcher.number = numberAt(L_, -1);
    } else if (lua_type(L_, -1) == LUA_TSTRING) {
      matcher.text = reader_.textAt(-1, what_);
    } else {
      reader_.fail(fmt::format("{}: '{}' wants a number or a text", what_, name));
    }
    return matcher;
  }

  Matcher networks() const {
    Matcher matcher;
    matcher.kind = Wanted::Cidr;
    for (const std::string& text : reader_.textsAt(-1, what_ + ".cidr")) {
      const auto network = Network::parse(text);
      if (!network) reader_.fail(fmt::format("{}: '{}' is no network", what_, text.substr(0, 60)));
      matcher.networks.push_back(*network);
    }
    return matcher;
  }

  const TableReader& reader_;
  lua_State* L_;
  const std::string& what_;
};

Clause clauseOf(const TableReader& reader, const std::string& path, Matcher matcher,
                CompiledRuleset& rules) {
  return {rules.slotOf(readPath(reader, path)), std::move(matcher)};
}

// "github/pull_request.*": source and type.
std::vector<Clause> readShortForm(const TableReader& reader, const std::string& text,
                                  CompiledRuleset& rules) {
  const size_t slash = text.find('/');
  if (slash == text.npos || slash == 0 || slash + 1 == text.size()) {
    reader.fail(
        fmt::format("when = \"{}\": write \"source/type\", e.g. \"github/push\" or \"*/ticket.*\"",
                    text.substr(0, 80)));
  }
  std::vector<Clause> clauses;
  const auto add = [&](const char* path, const std::string& pattern) {
    if (pattern == "*") return;
    clauses.push_back(clauseOf(reader, path, ofText(reader, pattern, "when"), rules));
  };
  add("source", text.substr(0, slash));
  add("type", text.substr(slash + 1));
  return clauses;
}

}  // namespace

Glob readGlob(const TableReader& reader, const std::string& text, const std::string& what) {
  auto glob = Glob::parse(text);
  if (!glob) reader.fail(fmt::format("{}: '{}' is no pattern", what, text.substr(0, 80)));
  return std::move(*glob);
}

Path readPath(const TableReader& reader, const std::string& text) {
  auto path = parsePath(text);
  if (!path) reader.fail(fmt::format("'{}' is no path", text.substr(0, 80)));
  return std::move(*path);
}

Matcher readMatcher(const TableReader& reader, int index, const std::string& what) {
  return MatcherReader(reader, what).read(index, 0);
}

std::vector<Clause> readWhen(const TableReader& reader, int index, CompiledRuleset& rules) {
  lua_State* L = reader.state();
  if (lua_type(L, index) == LUA_TSTRING) {
    return readShortForm(reader, reader.textAt(index, "when"), rules);
  }
  if (lua_type(L, index) != LUA_TTABLE) reader.fail("'when' must be a table or a text");
  index = lua_absindex(L, index);
  std::vector<Clause> clauses;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    if (lua_type(L, -2) != LUA_TSTRING) reader.fail("'when' has a condition without a field name");
    const std::string path = reader.textAt(-2, "when");
    clauses.push_back(clauseOf(reader, path, readMatcher(reader, -1, "when." + path), rules));
    lua_pop(L, 1);
  }
  sortByCost(clauses, rules.paths);
  return clauses;
}

// By cost, then by path: `when` is a table, whose own order differs from run to run.
void sortByCost(std::vector<Clause>& clauses, const std::vector<Path>& paths) {
  std::sort(clauses.begin(), clauses.end(), [&paths](const Clause& a, const Clause& b) {
    const int difference = a.matcher.cost() - b.matcher.cost();
    return difference != 0 ? difference < 0 : paths[a.slot].text < paths[b.slot].text;
  });
}

}  // namespace junctor::script
