// JSON in the C++ SDK: Json reads a parsed value, Writer writes one. Part of junctor/connector.hpp.
#ifndef JUNCTOR_JSON_HPP
#define JUNCTOR_JSON_HPP

#include <junctor/junctor.h>

#include <junctor/tables.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace jnc {

namespace detail {

inline Host& host() {  // one per connector library: nothing is exported
  static Host instance;
  return instance;
}

}  // namespace detail

inline bool equalsIgnoreCase(Text a, Text b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (detail::lower(a[i]) != detail::lower(b[i])) return false;
  }
  return true;
}

// A value in a parsed document.
class Json {
 public:
  Json() = default;
  Json(const jn_call* call, jn_json_node node) : call_(call), node_(node) {}

  bool present() const { return node_.host[0] != 0; }
  uint32_t type() const { return detail::host().json->type(&node_); }
  bool isObject() const { return type() == JN_JSON_OBJECT; }
  bool isArray() const { return type() == JN_JSON_ARRAY; }
  bool isString() const { return type() == JN_JSON_STRING; }
  bool isScalar() const { return type() >= JN_JSON_BOOL && type() <= JN_JSON_STRING; }

  Json operator[](Text key) const {
    Json found(call_, {});
    if (present()) detail::host().json->get(&node_, key.data(), key.size(), &found.node_);
    return found;
  }
  // RFC 6901: "/data/object/id".
  Json at(Text pointer) const {
    Json found(call_, {});
    if (present()) {
      detail::host().json->pointer(&node_, pointer.data(), pointer.size(), &found.node_);
    }
    return found;
  }
  Json at(size_t index) const {
    Json found(call_, {});
    if (present()) detail::host().json->at(&node_, index, &found.node_);
    return found;
  }
  size_t size() const { return present() ? detail::host().json->size(&node_) : 0; }

  // A string as it is, a number or boolean in its JSON form, "" for all else.
  Text text() const;
  // The value as compact JSON text.
  Text dump() const {
    jn_str out{};
    detail::check(detail::host().json->dump(call_, &node_, &out), "the value is too large");
    return detail::text(out);
  }
  std::optional<int64_t> integer() const {
    int64_t value = 0;
    if (!present() || !detail::host().json->as_i64(&node_, &value)) return std::nullopt;
    return value;
  }
  std::optional<double> number() const {
    double value = 0;
    if (!present() || !detail::host().json->as_f64(&node_, &value)) return std::nullopt;
    return value;
  }
  std::optional<bool> boolean() const {
    int32_t value = 0;
    if (!present() || !detail::host().json->as_bool(&node_, &value)) return std::nullopt;
    return value != 0;
  }

  struct Member;
  class Iterator;  // over members of an object or elements of an array
  Iterator begin() const;
  Iterator end() const;

  const jn_json_node* node() const { return &node_; }
  const jn_call* call() const { return call_; }

 private:
  const jn_call* call_ = nullptr;
  jn_json_node node_{};
};

struct Json::Member {
  Text key;  // "" in arrays
  Json value;
};

class Json::Iterator {
 public:
  Iterator() = default;
  explicit Iterator(const Json& container) : container_(container) { ++*this; }
  const Member& operator*() const { return member_; }
  bool operator!=(const Iterator& other) const { return more_ != other.more_; }
  Iterator& operator++() {
    jn_str key{};
    jn_json_node node{};
    more_ = container_.present() &&
            detail::host().json->next(container_.node(), &position_, &key, &node) != 0;
    member_ = {detail::text(key), Json(container_.call(), node)};
    return *this;
  }

 private:
  Json container_;
  jn_json_iter position_{};
  Member member_;
  bool more_ = false;
};

inline Json::Iterator Json::begin() const {
  return Iterator(*this);
}
inline Json::Iterator Json::end() const {
  return {};
}

// Writes one JSON value; end() gives its text.
class Writer {
 public:
  explicit Writer(const jn_call* call) : out_(detail::host().json->write_begin(call)) {
    if (!out_) throw Failure(JN_E_TOO_LARGE, "too many JSON writers are open");
  }
  ~Writer() {
    jn_str ignored{};
    if (out_) detail::host().json->write_end(out_, &ignored);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Writer& object() { return open(JN_JSON_OBJECT); }
  Writer& array() { return open(JN_JSON_ARRAY); }
  Writer& close() {
    detail::host().json->write_close(out_);
    return *this;
  }
  Writer& key(Text name) {
    detail::host().json->write_key(out_, name.data(), name.size());
    return *this;
  }
  Writer& value(Text text) {
    detail::host().json->write_str(out_, text.data(), text.size());
    return *this;
  }
  Writer& value(const char* text) { return value(Text(text)); }
  Writer& value(int64_t number) {
    detail::host().json->write_i64(out_, number);
    return *this;
  }
  Writer& value(bool truth) {
    detail::host().json->write_bool(out_, truth);
    return *this;
  }
  Writer& value(const Json& json) {
    detail::host().json->write_node(out_, json.node());
    return *this;
  }

  // A member, unless there is nothing to say: absent, null and "" are left out.
  Writer& put(Text name, const Json& json) {
    const uint32_t type = json.present() ? json.type() : JN_JSON_ABSENT;
    const bool empty = type <= JN_JSON_NULL || (type == JN_JSON_STRING && json.text().empty());
    return empty ? *this : key(name).value(json);
  }
  Writer& put(Text name, Text text) { return text.empty() ? *this : key(name).value(text); }
  Writer& put(Text name, const char* text) { return put(name, Text(text)); }
  Writer& put(Text name, bool truth) { return key(name).value(truth); }

  Text end() {
    jn_str out{};
    detail::check(detail::host().json->write_end(std::exchange(out_, nullptr), &out),
                  "the connector wrote JSON in the wrong order");
    return detail::text(out);
  }

 private:
  Writer& open(uint32_t type) {
    detail::host().json->write_open(out_, type);
    return *this;
  }
  jn_json_writer* out_;
};

}  // namespace jnc

#endif
