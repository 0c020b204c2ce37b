#include "script/map_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "mapping/check.h"
#include "script/context.h"
#include "script/lib.h"
#include "script/lua_value.h"

namespace junctor::script {
namespace {

using mapping::Value;

constexpr std::string_view kReserved[] = {"version", "entity",   "description",
                                          "owner",   "after_in", "after_out"};

int functionLine(const TableReader& reader, int table, const char* name) {
  if (!reader.push(table, name)) return 0;
  if (lua_type(reader.state(), -1) != LUA_TFUNCTION) {
    reader.fail(fmt::format("'{}' must be a function", name));
  }
  lua_Debug info{};
  lua_getinfo(reader.state(), ">S", &info);
  return std::max(info.linedefined, 1);
}

// "in" and "out" are short for the words of the format; those are taken too.
std::string wayOf(const std::string& word) {
  if (word == "in") return "from_external";
  if (word == "out") return "to_external";
  return word;
}

std::string ownerOf(const std::string& word) {
  if (word == "remote") return "external";
  if (word == "local") return "canonical";
  return word;
}

class SectionReader {
 public:
  SectionReader(const TableReader& reader, std::string name)
      : reader_(reader), L_(reader.state()), name_(std::move(name)) {}

  // The "fields" of the format from the table at `index`.
  Value fields(int index) {
    if (lua_type(L_, index) != LUA_TTABLE) reader_.fail(name_ + ".fields must be a table");
    index = lua_absindex(L_, index);
    std::vector<mapping::Member> members;
    lua_pushnil(L_);
    while (lua_next(L_, index) != 0) {
      if (lua_type(L_, -2) != LUA_TSTRING) reader_.fail(name_ + ".fields: a field has no name");
      const std::string field = reader_.textAt(-2, name_);
      members.push_back({field, fieldAt(lua_gettop(L_), name_ + ".fields." + field)});
      lua_pop(L_, 1);
    }
    std::sort(members.begin(), members.end(),
              [](const auto& a, const auto& b) { return a.key < b.key; });
    return Value::object(std::move(members));
  }

 private:
  Value fieldAt(int index, const std::string& path) {
    luaL_checkstack(L_, 8, "mapping");
    if (lua_type(L_, index) == LUA_TSTRING) {
      return Value::object({{"external", Value::text(reader_.textAt(index, path))}});
    }
    if (lua_type(L_, index) != LUA_TTABLE) reader_.fail(path + " must be a text or a table");
    Value field = Value::object();
    lua_pushnil(L_);
    while (lua_next(L_, index) != 0) {
      const int value = lua_gettop(L_);
      if (lua_isinteger(L_, -2) != 0 && lua_tointeger(L_, -2) == 1) {
        field.set("external", valueAt(L_, value));
      } else if (lua_type(L_, -2) == LUA_TSTRING) {
        setKey(field, reader_.textAt(-2, path), value, path);
      } else {
        reader_.fail(path + ": one path stands first, all else has a name");
      }
      lua_pop(L_, 1);
    }
    return field;
  }

  void setKey(Value& field, const std::string& key, int value, const std::string& path) {
    if (key == "using" || key == "transform") {
      field.set("transform", transformsAt(value, path));
    } else if (key == "dir" || key == "direction") {
      field.set("direction", Value::text(wayOf(reader_.textAt(value, path + ".dir"))));
    } else if (key == "owner") {
      field.set("owner", Value::text(ownerOf(reader_.textAt(value, path + ".owner"))));
    } else {
      field.set(key, valueAt(L_, value));
    }
  }

  // One transform, or a list of them.
  Value transformsAt(int index, const std::string& path) {
    std::string json = "[";
    const bool list = lua_type(L_, index) == LUA_TTABLE && lua_rawlen(L_, index) > 0;
    const auto length = list ? static_cast<lua_Integer>(lua_rawlen(L_, index)) : 1;
    for (lua_Integer i = 1; i <= length; ++i) {
      if (i > 1) json += ',';
      if (list) lua_rawgeti(L_, index, i);
      if (!transformJson(L_, list ? lua_gettop(L_) : index, json)) {
        reader_.fail(path +
                     ": 'using' takes transforms, not functions of your own (use after_in and "
                     "after_out)");
      }
      if (list) lua_pop(L_, 1);
    }
    auto value = mapping::parseValue(json + "]");
    if (!value) reader_.fail(path + ".using: " + value.error().message);
    return std::move(*value);
  }

  const TableReader& reader_;
  lua_State* L_;
  std::string name_;
};

// Stack index `section`: { object =, fields =, envelope =, samples =, owner = }.
Value documentOf(const TableReader& reader, int section, const std::string& connector,
                 const std::string& entity, const Value& common) {
  reader.checkKeys(section, {"object", "fields", "envelope", "samples", "owner"}, connector);
  Value document = Value::object({{"format", Value::text(std::string(mapping::kFormat))},
                                  {"connector", Value::text(connector)},
                                  {"object", Value::text(entity)}});
  document.set("external", Value::text(reader.text(section, "object").value_or(entity)));
  for (const mapping::Member& member : common.members()) document.set(member.key, member.value);
  if (!reader.push(section, "fields")) reader.fail(connector + ": 'fields' is missing");
  document.set("fields", SectionReader(reader, connector).fields(-1));
  lua_pop(reader.state(), 1);
  for (const char* name : {"envelope", "samples"}) {
    if (!reader.push(section, name)) continue;
    document.set(name, valueAt(reader.state(), -1));
    lua_pop(reader.state(), 1);
  }
  if (const auto owner = reader.text(section, "owner")) {
    document.set("owner", Value::text(ownerOf(*owner)));
  }
  return document;
}

mapping::EntryPtr entryOf(const TableReader& reader, const Value& document,
                          const std::string& name) {
  mapping::Problems problems;
  mapping::Mapping read = mapping::readMapping(document, problems);
  if (!problems.empty()) reader.fail(name + ": " + mapping::describe(problems.front()));
  const auto fields = static_cast<int64_t>(read.fields.size());  // the check compares them all
  contextOf(reader.state()).budget.charge(reader.state(), fields * fields / 4);
  for (const mapping::Finding& finding : mapping::checkMapping(read)) {
    if (finding.error) reader.fail(name + ": " + mapping::describe(finding));
  }
  return mapping::makeEntry(std::move(read), mapping::Entry::From::Rule);
}

bool connectorShaped(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

Value commonKeys(const TableReader& reader, int table) {
  Value common = Value::object();
  if (const auto version = reader.integer(table, "version")) {
    common.set("version", Value::integer(*version));
  }
  if (auto text = reader.text(table, "description")) {
    common.set("description", Value::text(std::move(*text)));
  }
  if (const auto owner = reader.text(table, "owner")) {
    common.set("owner", Value::text(ownerOf(*owner)));
  }
  return common;
}

}  // namespace

void readMap(const TableReader& reader, int table, const LuaMap& place, CompiledRuleset& rules) {
  lua_State* L = reader.state();
  const auto entity = reader.text(table, "entity");
  if (!entity) reader.fail("map: 'entity' is missing: contact, ticket, company, deal, message …");
  LuaMap map = place;
  map.in_line = functionLine(reader, table, "after_in");
  map.out_line = functionLine(reader, table, "after_out");
  const Value common = commonKeys(reader, table);
  std::vector<std::string> connectors;
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING) reader.fail("map has an entry without a name");
    const std::string key = reader.textAt(-1, "map");
    const auto* end = std::end(kReserved);
    if (std::find(std::begin(kReserved), end, key) == end) connectors.push_back(key);
  }
  if (connectors.empty())
    reader.fail("map: no connector; write salesforce = { object =, fields = }");
  std::sort(connectors.begin(), connectors.end());
  for (const std::string& connector : connectors) {
    reader.push(table, connector.c_str());
    if (lua_type(L, -1) != LUA_TTABLE) {
      reader.fail(fmt::format("map: unknown key '{}' (a connector's section is a table)",
                              connector.substr(0, 60)));
    }
    if (!connectorShaped(connector)) {
      reader.fail(fmt::format("map: '{}' is no connector's name", connector.substr(0, 60)));
    }
    const std::string name = connector + "/" + *entity;
    map.entry =
        entryOf(reader, documentOf(reader, lua_gettop(L), connector, *entity, common), name);
    if (!rules.maps.emplace(name, map).second) {
      reader.fail(fmt::format("mapping '{}' is declared twice", name));
    }
    lua_pop(L, 1);
  }
}

}  // namespace junctor::script
