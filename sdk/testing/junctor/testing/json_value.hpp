// JSON for the test host: a value tree, a parser with the host's strictness, and a checked writer.
#ifndef JUNCTOR_TESTING_JSON_VALUE_HPP
#define JUNCTOR_TESTING_JSON_VALUE_HPP

#include <junctor/json.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jnc::testing {

// Bytes of the well-formed UTF-8 character at the start: no surrogates, no overlong forms; 0 =
// none.
inline size_t characterAt(std::string_view text) {
  const auto byte = [&](size_t k) { return static_cast<unsigned char>(text[k]); };
  const size_t length = byte(0) < 0x80   ? 1
                        : byte(0) < 0xC2 ? 0
                        : byte(0) < 0xE0 ? 2
                        : byte(0) < 0xF0 ? 3
                        : byte(0) < 0xF5 ? 4
                                         : 0;
  if (length > text.size()) return 0;
  for (size_t k = 1; k < length; ++k) {
    if ((byte(k) & 0xC0) != 0x80) return 0;
  }
  if (length == 3 && ((byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xED && byte(1) > 0x9F)))
    return 0;
  if (length == 4 && ((byte(0) == 0xF0 && byte(1) < 0x90) || (byte(0) == 0xF4 && byte(1) > 0x8F)))
    return 0;
  return length;
}

inline bool isUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = characterAt(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// Bytes that are not UTF-8 become U+FFFD, one each.
inline std::string cleanText(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = characterAt(text);
    out += length ? std::string(text.substr(0, length)) : "\xEF\xBF\xBD";
    text.remove_prefix(length ? length : 1);
  }
  return out;
}

inline void appendUtf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

inline std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (byte < 0x20) {
          char escape[8];
          std::snprintf(escape, sizeof escape, "\\u%04x", byte);
          out += escape;
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

struct Value {
  uint32_t type = JN_JSON_NULL;
  bool truth = false;
  int64_t integer = 0;
  uint64_t natural = 0;
  double number = 0;
  std::string text;                                    // strings, and numbers as written
  std::vector<std::pair<std::string, Value>> members;  // of objects, in order; keys "" in arrays

  const Value* find(std::string_view key) const {
    if (type != JN_JSON_OBJECT) return nullptr;
    for (const auto& [name, value] : members) {
      if (name == key) return &value;
    }
    return nullptr;
  }
  const Value* pointer(std::string_view path) const;
  std::string dump() const;
  std::string textOr(const char* key, const std::string& fallback = "") const {
    const Value* found = find(key);
    return found && found->type == JN_JSON_STRING ? found->text : fallback;
  }
};

inline std::string Value::dump() const {
  switch (type) {
    case JN_JSON_NULL:
      return "null";
    case JN_JSON_BOOL:
      return truth ? "true" : "false";
    case JN_JSON_STRING:
      return quoted(text);
    case JN_JSON_ARRAY:
    case JN_JSON_OBJECT: {
      const bool object = type == JN_JSON_OBJECT;
      std::string out(1, object ? '{' : '[');
      for (const auto& [name, value] : members) {
        if (out.size() > 1) out += ',';
        if (object) out += quoted(name) + ':';
        out += value.dump();
      }
      return out + (object ? '}' : ']');
    }
    default:
      return text;
  }
}

inline const Value* Value::pointer(std::string_view path) const {
  const Value* at = this;
  while (at && !path.empty()) {
    if (path[0] != '/') return nullptr;
    const size_t end = path.find('/', 1);
    std::string key(path.substr(1, end == path.npos ? path.npos : end - 1));
    path = end == path.npos ? std::string_view() : path.substr(end);
    for (const auto& [escape, plain] : {std::pair("~1", '/'), std::pair("~0", '~')}) {
      for (size_t i = key.find(escape); i != key.npos; i = key.find(escape, i + 1)) {
        key.replace(i, 2, 1, plain);
      }
    }
    if (at->type == JN_JSON_ARRAY) {
      const bool digits = !key.empty() && key.find_first_not_of("0123456789") == key.npos;
      const size_t index = digits ? std::strtoull(key.c_str(), nullptr, 10) : at->members.size();
      at = index < at->members.size() ? &at->members[index].second : nullptr;
    } else {
      at = at->find(key);
    }
  }
  return at;
}

// One JSON text; as strict as the host, and as deep.
class Parser {
 public:
  static std::optional<Value> parse(std::string_view text) {
    if (!isUtf8(text)) return std::nullopt;
    Parser parser(text);
    Value value;
    if (!parser.value(value, 0)) return std::nullopt;
    parser.blanks();
    if (parser.at_ != text.size()) return std::nullopt;
    return value;
  }

 private:
  static constexpr int kDepthMax = 512;
  explicit Parser(std::string_view text) : text_(text) {}

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }
  void blanks() {
    while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') ++at_;
  }

  bool value(Value& out, int depth) {
    if (depth > kDepthMax) return false;
    blanks();
    switch (peek()) {
      case '{':
        return container(out, JN_JSON_OBJECT, '}', depth);
      case '[':
        return container(out, JN_JSON_ARRAY, ']', depth);
      case '"':
        out.type = JN_JSON_STRING;
        return string(out.text);
      case 't':
      case 'f':
        out.type = JN_JSON_BOOL;
        out.truth = peek() == 't';
        return word(out.truth ? "true" : "false");
      case 'n':
        return word("null");
      default:
        return number(out);
    }
  }

  bool container(Value& out, uint32_t type, char close, int depth) {
    out.type = type;
    ++at_;
    blanks();
    if (take(close)) return true;
    do {
      auto& [name, member] = out.members.emplace_back();
      blanks();
      if (type == JN_JSON_OBJECT) {
        if (peek() != '"' || !string(name)) return false;
        blanks();
        if (!take(':')) return false;
      }
      if (!value(member, depth + 1)) return false;
      blanks();
    } while (take(','));
    return take(close);
  }

  bool hex4(uint32_t& out) {
    if (at_ + 4 > text_.size()) return false;
    const char* first = text_.data() + at_;
    const auto done = std::from_chars(first, first + 4, out, 16);
    at_ += 4;
    return done.ec == std::errc() && done.ptr == first + 4;
  }

  bool escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const char name = peek();
    ++at_;
    if (const size_t known = kNames.find(name); known != kNames.npos && name != '\0') {
      out += kMeanings[known];
      return true;
    }
    uint32_t code = 0, low = 0;
    if (name != 'u' || !hex4(code)) return false;
    if (code >= 0xD800 && code < 0xDC00) {
      if (!word("\\u") || !hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
      return false;
    }
    appendUtf8(out, code);
    return true;
  }

  bool string(std::string& out) {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return false;
      ++at_;
      if (c == '"') return true;
      if (c != '\\') {
        out += c;
      } else if (!escape(out)) {
        return false;
      }
    }
    return false;
  }

  bool digits() {
    const size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > start;
  }

  bool number(Value& out) {
    const size_t start = at_;
    take('-');
    const bool zero = peek() == '0';
    const size_t first = at_;
    if (!digits() || (zero && at_ - first > 1)) return false;
    bool whole = true;
    if (take('.')) {
      whole = false;
      if (!digits()) return false;
    }
    if (take('e') || take('E')) {
      whole = false;
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    out.text = text_.substr(start, at_ - start);
    classify(out, whole);
    return true;
  }

  static void classify(Value& out, bool whole) {
    const char *first = out.text.data(), *last = first + out.text.size();
    out.number = std::strtod(out.text.c_str(), nullptr);
    if (whole && std::from_chars(first, last, out.integer).ec == std::errc()) {
      out.type = JN_JSON_INT;
    } else if (whole && *first != '-' &&
               std::from_chars(first, last, out.natural).ec == std::errc()) {
      out.type = JN_JSON_UINT;
    } else if (whole || !std::isfinite(out.number)) {
      out.type = JN_JSON_STRING;  // longer numbers come as strings of their literal
    } else {
      out.type = JN_JSON_DOUBLE;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace jnc::testing

#endif
