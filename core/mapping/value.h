#pragma once
// Value: a JSON value whose numbers are kept as they were written, so that 64-bit integers and long
// decimals pass exactly. Objects keep the order of their members. Copyable, no shared state.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace junctor::mapping {

struct Member;

class Value {
 public:
  enum class Type { Null, Bool, Number, Text, Array, Object };

  Value();  // null
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  static Value boolean(bool value);
  static Value number(std::string literal);  // must be one JSON number
  static Value integer(int64_t value);
  static Value text(std::string value);
  static Value array(std::vector<Value> items = {});
  static Value object(std::vector<Member> members = {});

  Type type() const { return type_; }
  bool isNull() const { return type_ == Type::Null; }
  bool isBool() const { return type_ == Type::Bool; }
  bool isNumber() const { return type_ == Type::Number; }
  bool isText() const { return type_ == Type::Text; }
  bool isArray() const { return type_ == Type::Array; }
  bool isObject() const { return type_ == Type::Object; }

  bool asBool() const { return text_ == "true"; }
  // The text of a Text, the literal of a Number; "" of the others.
  const std::string& asText() const { return text_; }
  const std::vector<Value>& items() const { return items_; }
  std::vector<Value>& items() { return items_; }
  const std::vector<Member>& members() const { return members_; }
  std::vector<Member>& members() { return members_; }

  // Member of that name; null pointer if there is none, or if this is no object.
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  // Adds the member at the end, or replaces it where it stands. Turns any other value into an
  // object.
  Value& set(std::string_view key, Value value);

  // Members in any order, items in order, numbers as they are written (1.0 is not 1).
  bool operator==(const Value& other) const;

 private:
  explicit Value(Type type, std::string text = {});

  Type type_ = Type::Null;
  std::string text_;
  std::vector<Value> items_;
  std::vector<Member> members_;
};

struct Member {
  std::string key;
  Value value;
  bool operator==(const Member&) const = default;
};

// RFC 8259, depth <= limits::kJsonDepthMax, duplicate keys and numbers beyond double's range are
// errors.
Result<Value> parseValue(std::string_view json);
// One line if indent is 0.
std::string toJson(const Value& value, int indent = 0);
// "text", "number"…
std::string_view nameOf(Value::Type type);
bool isJsonNumber(std::string_view text);

}  // namespace junctor::mapping
