#pragma once
// CheckedWriter: the writer behind junctor.json/1. Whatever order its functions are called in, a
// finished text is one valid JSON value.
#include <string_view>
#include <vector>

#include "base/json_writer.h"

namespace junctor::plugin {

class CheckedWriter {
 public:
  enum class State { Open, Broken, TooLarge };

  void clear();
  void open(bool object);
  void close();
  void key(std::string_view name);
  // True if a value may stand here; the caller then writes exactly one to json().
  bool value();
  JsonWriter& json() { return json_; }
  // The text, or none if it is not one whole value.
  bool finished() const { return state_ == State::Open && done_ && levels_.empty(); }
  State state() const { return state_; }
  void markBroken() { state_ = State::Broken; }

 private:
  struct Level {
    bool object;
    bool key_written;
  };

  JsonWriter json_;
  std::vector<Level> levels_;
  bool done_ = false;
  State state_ = State::Open;
};

}  // namespace junctor::plugin
