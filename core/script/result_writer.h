#pragma once
// ResultWriter: Lua values as canonical JSON text, keys in byte order. Limits on nodes, bytes and
// depth end the script; what JSON cannot say (functions, NaN, bad UTF-8, mixed tables) is an error
// that names the path. Runs inside a protected call: it raises.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_doc.h"
#include "script/lua_api.h"

namespace junctor::script {

class ResultWriter {
 public:
  explicit ResultWriter(lua_State* L) : L_(L) {}

  // Appends the value at `index`.
  void value(int index);
  // Appends the table at `index` as an object without the keys in `skip`.
  void objectWithout(int index, const std::vector<std::string_view>& skip);

  size_t size() const { return out_.size(); }
  std::string take() { return std::move(out_); }

 private:
  struct Entry {
    std::string_view key;
    int value;  // stack index
  };

  void node();
  void table(int index);
  void array(int index, lua_Integer length);
  void object(int index, const std::vector<std::string_view>& skip);
  void number(int index);
  void text(std::string_view text);
  void view(JsonView json);
  void enter();
  void leave() { --depth_; }
  void checkSize();
  [[noreturn]] void fail(const char* problem);

  lua_State* L_;
  std::string out_;
  std::vector<Entry> entries_;  // of all open objects
  std::vector<std::string> path_;
  size_t nodes_ = 0;
  size_t depth_ = 0;
};

}  // namespace junctor::script
