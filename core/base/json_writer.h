#pragma once
// JsonWriter: appends JSON straight to a string; no document is built. For the event path.
#include <cstdint>
#include <string>
#include <string_view>

namespace junctor {

class JsonWriter {
 public:
  JsonWriter() = default;
  explicit JsonWriter(size_t reserve) { out_.reserve(reserve); }

  JsonWriter& beginObject();
  JsonWriter& endObject();
  JsonWriter& beginArray();
  JsonWriter& endArray();
  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view text);  // invalid UTF-8 bytes become U+FFFD
  JsonWriter& integer(int64_t value);
  JsonWriter& unsignedInteger(uint64_t value);
  JsonWriter& number(double value);           // shortest round-trip form; NaN/inf become null
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& raw(std::string_view json);     // `json` must be one valid JSON value

  const std::string& text() const { return out_; }
  size_t size() const { return out_.size(); }
  void clear() {  // keeps the memory
    out_.clear();
    comma_ = false;
  }
  std::string take() && { return std::move(out_); }

 private:
  void separate();

  std::string out_;
  bool comma_ = false;
};

// Appends `text` as a quoted JSON string; false, and nothing appended, if it is not valid UTF-8.
bool tryAppendJsonString(std::string& out, std::string_view text);
// The same, with U+FFFD for each invalid byte.
void appendJsonString(std::string& out, std::string_view text);

}  // namespace junctor
