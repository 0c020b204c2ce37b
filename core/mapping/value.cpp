#include "mapping/value.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json_writer.h"

namespace junctor::mapping {
namespace {

constexpr int kOneLine = -1;  // an indent: a list that is short in a text that is not

void newLine(std::string& out, int indent, int depth) {
  if (indent > 0) out += '\n' + std::string(static_cast<size_t>(indent * depth), ' ');
}

void write(std::string& out, const Value& value, int indent, int depth);

void writeItems(std::string& out, const Value& value, int indent, int depth) {
  bool first = true;
  const auto separate = [&] {
    if (!first) out += indent == kOneLine ? ", " : ",";
    first = false;
    newLine(out, indent, depth + 1);
  };
  for (const Value& item : value.items()) {
    separate();
    write(out, item, indent, depth + 1);
  }
  for (const Member& member : value.members()) {
    separate();
    appendJsonString(out, member.key);
    out += indent > 0 ? ": " : ":";
    write(out, member.value, indent, depth + 1);
  }
  if (!first) newLine(out, indent, depth);
}

// A list of plain values stays on its line, as people write it.
bool plainList(const Value& value) {
  return value.isArray() && std::all_of(value.items().begin(), value.items().end(), [](auto& item) {
           return !item.isArray() && !item.isObject();
         });
}

void write(std::string& out, const Value& value, int indent, int depth) {
  switch (value.type()) {
    case Value::Type::Null:
      out += "null";
      return;
    case Value::Type::Bool:
    case Value::Type::Number:
      out += value.asText();
      return;
    case Value::Type::Text:
      appendJsonString(out, value.asText());
      return;
    case Value::Type::Array:
      out += '[';
      writeItems(out, value, indent > 0 && plainList(value) ? kOneLine : indent, depth);
      out += ']';
      return;
    case Value::Type::Object:
      out += '{';
      writeItems(out, value, indent, depth);
      out += '}';
      return;
  }
}

}  // namespace

Value::Value() = default;
Value::Value(Type type, std::string text) : type_(type), text_(std::move(text)) {}
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

Value Value::boolean(bool value) {
  return Value(Type::Bool, value ? "true" : "false");
}
Value Value::number(std::string literal) {
  return Value(Type::Number, std::move(literal));
}
Value Value::integer(int64_t value) {
  return Value(Type::Number, std::to_string(value));
}
Value Value::text(std::string value) {
  return Value(Type::Text, std::move(value));
}
Value Value::array(std::vector<Value> items) {
  Value value(Type::Array);
  value.items_ = std::move(items);
  return value;
}
Value Value::object(std::vector<Member> members) {
  Value value(Type::Object);
  value.members_ = std::move(members);
  return value;
}

const Value* Value::find(std::string_view key) const {
  for (const Member& member : members_) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Value* Value::find(std::string_view key) {
  return const_cast<Value*>(std::as_const(*this).find(key));
}

Value& Value::set(std::string_view key, Value value) {
  if (type_ != Type::Object) *this = object();
  if (Value* found = find(key)) return *found = std::move(value);
  members_.push_back({std::string(key), std::move(value)});
  return members_.back().value;
}

bool Value::operator==(const Value& other) const {
  if (type_ != other.type_ || text_ != other.text_ || items_ != other.items_) return false;
  if (members_.size() != other.members_.size()) return false;
  return std::all_of(members_.begin(), members_.end(), [&other](const Member& member) {
    const Value* same = other.find(member.key);
    return same && *same == member.value;
  });
}

std::string toJson(const Value& value, int indent) {
  std::string out;
  write(out, value, indent, 0);
  return out;
}

std::string_view nameOf(Value::Type type) {
  constexpr std::string_view kNames[] = {"null", "true or false", "a number",
                                         "text", "a list",        "an object"};
  return kNames[static_cast<size_t>(type)];
}

bool isJsonNumber(std::string_view text) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t first = i;
    while (i < text.size() && isDigit(text[i])) ++i;
    return i > first;
  };
  if (i < text.size() && text[i] == '-') ++i;
  if (i < text.size() && text[i] == '0') {
    ++i;
  } else if (!digits()) {
    return false;
  }
  if (i < text.size() && text[i] == '.' && (++i, !digits())) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == text.size();
}

}  // namespace junctor::mapping
