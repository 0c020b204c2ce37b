#pragma once
// TableReader: reads the tables that scripts declare. Raw access, every key checked; a mistake is
// raised as "name@version:line: what is wrong", with the nearest known name.
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "script/lua_api.h"

namespace junctor::script {

class TableReader {
 public:
  TableReader(lua_State* L, std::string label, int line)
      : L_(L), label_(std::move(label)), line_(line) {}

  lua_State* state() const { return L_; }
  [[noreturn]] void fail(const std::string& problem) const;

  // All keys of the table must be among `known`.
  void checkKeys(int table, std::initializer_list<std::string_view> known,
                 const std::string& what) const;
  // Pushes a member. If it is nil pushes nothing and says false.
  bool push(int table, const char* name) const;

  std::optional<std::string> text(int table, const char* name) const;
  std::optional<int64_t> integer(int table, const char* name) const;
  bool flag(int table, const char* name) const;
  // One text, or a list of them; absent = empty.
  std::vector<std::string> texts(int table, const char* name) const;
  std::vector<std::string> textsAt(int index, const std::string& what) const;
  // The table must be a list without holes; its length.
  lua_Integer listLength(int index, const std::string& what) const;
  std::string textAt(int index, const std::string& what) const;

 private:
  lua_State* L_;
  std::string label_;
  int line_;
};

}  // namespace junctor::script
