#include "plugin/checked_writer.h"

#include "base/limits.h"

namespace junctor::plugin {

void CheckedWriter::clear() {
  json_.clear();
  levels_.clear();
  done_ = false;
  state_ = State::Open;
}

bool CheckedWriter::value() {
  if (state_ != State::Open) return false;
  if (json_.size() > limits::kConnectorArenaBytesMax) {
    state_ = State::TooLarge;
    return false;
  }
  const bool expected =
      levels_.empty() ? !done_ : !levels_.back().object || levels_.back().key_written;
  if (!expected) {
    state_ = State::Broken;
    return false;
  }
  if (levels_.empty()) {
    done_ = true;
  } else {
    levels_.back().key_written = false;
  }
  return true;
}

void CheckedWriter::open(bool object) {
  if (!value()) return;
  if (levels_.size() >= limits::kJsonDepthMax) {
    state_ = State::Broken;
    return;
  }
  levels_.push_back({object, false});
  if (object) {
    json_.beginObject();
  } else {
    json_.beginArray();
  }
}

void CheckedWriter::close() {
  if (state_ != State::Open) return;
  if (levels_.empty() || levels_.back().key_written) {
    state_ = State::Broken;
    return;
  }
  if (levels_.back().object) {
    json_.endObject();
  } else {
    json_.endArray();
  }
  levels_.pop_back();
}

void CheckedWriter::key(std::string_view name) {
  if (state_ != State::Open) return;
  if (levels_.empty() || !levels_.back().object || levels_.back().key_written) {
    state_ = State::Broken;
    return;
  }
  levels_.back().key_written = true;
  json_.key(name);
}

}  // namespace junctor::plugin
