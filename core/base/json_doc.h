#pragma once
// JsonDoc: one parsed JSON document of the event path, and JsonView: a cheap value inside it.
// simdjson stands behind both, in json_doc.cpp alone. 64-bit integers are exact.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace junctor {

enum class JsonType { Null, Bool, Int, Uint, Double, String, Array, Object };

// A value inside a JsonDoc. Copy freely; valid while its document lives and is not parsed again.
class JsonView {
 public:
  JsonView() = default;
  bool valid() const { return document_ != nullptr; }
  JsonType type() const;  // Null if invalid
  bool isObject() const { return valid() && type() == JsonType::Object; }
  bool isArray() const { return valid() && type() == JsonType::Array; }
  bool isString() const { return valid() && type() == JsonType::String; }

  std::string_view asString() const;     // "" if not a string
  std::optional<int64_t> asInt() const;  // none if not an integer that fits
  std::optional<uint64_t> asUint() const;
  std::optional<double> asDouble() const;  // any number
  std::optional<bool> asBool() const;

  // First member of that name (duplicate keys: the first wins). Invalid view if absent.
  JsonView find(std::string_view key) const;
  // RFC 6901 pointer, "" = this value. Invalid view if absent.
  JsonView pointer(std::string_view pointer) const;
  JsonView at(size_t index) const;  // array element, 0-based; invalid view if out of range
  size_t size() const;              // elements or members; 0 for scalars

  // The value as JSON text, keys in document order.
  std::string dump() const;
  // The scalar as text: strings unquoted, numbers in JSON form, "" for containers and null.
  std::string scalarText() const;

  // The document of this view as plain bytes, which another process of this build can read in place
  // (JsonDoc::openImage). `out` is aligned to 8 bytes and has room for imageBytes(), a multiple
  // of 8.
  size_t imageBytes() const;  // 0 if invalid
  void writeImage(char* out) const;

  // Iteration over members/elements. `Cursor` is a position; end() compares equal when done.
  class Iterator;
  Iterator begin() const;
  Iterator end() const;

 private:
  friend class JsonDoc;
  friend class Iterator;
  JsonView(const void* document, size_t index) : document_(document), index_(index) {}
  const void* document_ = nullptr;
  size_t index_ = 0;
};

// Walks an array or object; key() is "" in arrays. Scalars are empty ranges.
class JsonView::Iterator {
 public:
  std::string_view key() const { return key_; }
  JsonView operator*() const { return value_; }
  Iterator& operator++();
  bool operator!=(const Iterator& other) const { return position_ != other.position_; }

 private:
  friend class JsonView;
  void load();
  const void* document_ = nullptr;
  size_t position_ = 0;
  size_t stop_ = 0;
  bool object_ = false;
  std::string_view key_;
  JsonView value_;
};

// Owns parser and buffers, which are reused by the next parse(). One thread at a time.
class JsonDoc {
 public:
  JsonDoc();
  ~JsonDoc();
  JsonDoc(JsonDoc&&) noexcept;
  JsonDoc& operator=(JsonDoc&&) noexcept;

  // Parses one JSON text (RFC 8259; UTF-8; depth <= limits::kJsonDepthMax). Views of the previous
  // parse become invalid. Numbers that neither 64 bits nor a double hold exactly are kept as
  // strings of their literal, so that no document is refused, and no digit lost, for a long number.
  Result<JsonView> parse(std::string_view text);
  // Looks for such numbers now instead of when a view meets one: before several threads read views.
  void settle();
  // Instead: reads what writeImage() wrote, in place. `image` is aligned to 8 bytes, outlives the
  // views, and comes from where it is trusted: only its sizes are checked.
  Result<JsonView> openImage(std::string_view image);
  JsonView root() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Is `text` one valid JSON text within the depth limit? Uses a thread-local document.
Result<void> checkJson(std::string_view text);

}  // namespace junctor
