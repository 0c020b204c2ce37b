#pragma once
// ResultWriter: Lua values as canonical JSON text, keys in byte order. Limits on nodes, bytes and
// depth end the script; what JSON cannot say (functions, NaN, bad UTF-8, mixed tables) is an error
// that names the path. Runs inside a protected call: it raises.
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_doc.h"
#include "script/context.h"
#include "script/lua_api.h"

namespace junctor::script {

class ResultWriter {
 public:
  explicit ResultWriter(lua_State* L);
  ~ResultWriter();
  ResultWriter(const ResultWriter&) = delete;
  ResultWriter& operator=(const ResultWriter&) = delete;

  // Appends the value at `index`.
  void value(int index);
  // Appends the table at `index` as an object without the keys in `skip`.
  void objectWithout(int index, std::span<const std::string_view> skip);

  size_t size() const { return out_.size(); }
  // The text so far; the next value starts anew.
  std::string take() { return std::exchange(out_, {}); }

 private:
  using Entry = WriterScratch::Entry;
  using Step = WriterScratch::Step;

  void node();
  void table(int index);
  void array(int index, lua_Integer length);
  void object(int index, std::span<const std::string_view> skip);
  void number(int index);
  void text(std::string_view text);
  void view(JsonView json);
  void enter();
  void leave() { --depth_; }
  void checkSize();
  [[noreturn]] void fail(const char* problem);

  lua_State* L_;
  std::string out_;
  std::vector<Entry> entries_;  // of all open objects; the state's while nobody else has them
  std::vector<Step> path_;
  size_t nodes_ = 0;
  size_t depth_ = 0;
};

}  // namespace junctor::script
