// parseValue(): one pass over the text; numbers are kept as they are written.
#include <cmath>
#include <cstdlib>

#include "base/bytes.h"
#include "base/limits.h"
#include "mapping/value.h"

namespace junctor::mapping {
namespace {

void appendUtf8(std::string& out, uint32_t code) {
  const auto byte = [&out](uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3f));
  } else {
    byte(0xf0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3f));
    byte(0x80 | (code >> 6 & 0x3f));
  }
  byte(0x80 | (code & 0x3f));
}

class ValueReader {
 public:
  explicit ValueReader(std::string_view text) : text_(text) {}

  bool whole(Value& out) {
    skip();
    if (!value(out, 0)) return false;
    skip();
    return at_ == text_.size();
  }
  std::string problem() const {
    return problem_.empty() ? "syntax error at byte " + std::to_string(at_ + 1) : problem_;
  }

 private:
  void skip() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }

  bool value(Value& out, size_t depth) {
    if (at_ >= text_.size()) return false;
    switch (text_[at_]) {
      case '{':
        return object(out, depth);
      case '[':
        return array(out, depth);
      case '"': {
        std::string read;
        if (!text(read)) return false;
        out = Value::text(std::move(read));
        return true;
      }
      case 't':
        out = Value::boolean(true);
        return word("true");
      case 'f':
        out = Value::boolean(false);
        return word("false");
      case 'n':
        out = Value();
        return word("null");
      default:
        return number(out);
    }
  }

  bool deeper(size_t depth) {
    if (depth < limits::kJsonDepthMax) return true;
    problem_ = "nested deeper than " + std::to_string(limits::kJsonDepthMax);
    return false;
  }

  bool object(Value& out, size_t depth) {
    if (!deeper(depth)) return false;
    ++at_;
    out = Value::object();
    skip();
    if (take('}')) return true;
    out.members().reserve(8);
    do {
      skip();
      std::string key;
      if (!text(key)) return false;
      if (out.find(key)) {
        problem_ = "duplicate key \"" + key + "\"";
        return false;
      }
      skip();
      if (!take(':')) return false;
      skip();
      out.members().push_back({std::move(key), Value()});
      if (!value(out.members().back().value, depth + 1)) return false;
      skip();
    } while (take(','));
    return take('}');
  }

  bool array(Value& out, size_t depth) {
    if (!deeper(depth)) return false;
    ++at_;
    out = Value::array();
    skip();
    if (take(']')) return true;
    do {
      skip();
      out.items().emplace_back();
      if (!value(out.items().back(), depth + 1)) return false;
      skip();
    } while (take(','));
    return take(']');
  }

  // As JSON writes numbers, and not beyond a double's range.
  bool number(Value& out) {
    size_t end = at_;
    while (end < text_.size() && (isDigit(text_[end]) || text_[end] == '-' || text_[end] == '+' ||
                                  text_[end] == '.' || text_[end] == 'e' || text_[end] == 'E')) {
      ++end;
    }
    std::string literal(text_.substr(at_, end - at_));
    if (!isJsonNumber(literal)) return false;
    constexpr size_t kSurelyFinite = 300;  // digits
    const bool large =
        literal.size() > kSurelyFinite || literal.find_first_of("eE") != literal.npos;
    if (large && std::isinf(std::strtod(literal.c_str(), nullptr))) {
      problem_ = "a number is out of range at byte " + std::to_string(at_ + 1);
      return false;
    }
    at_ = end;
    out = Value::number(std::move(literal));
    return true;
  }

  bool text(std::string& out) {
    if (!take('"')) return false;
    const size_t start = at_;
    bool ascii = true;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        out.append(text_.substr(start, at_ - start));
        ++at_;
        return ascii || validUtf8(out);
      }
      if (c == '\\' || c < 0x20) break;
      if (c >= 0x80) ascii = false;
      ++at_;
    }
    out.append(text_.substr(start, at_ - start));
    return escapedText(out) && validUtf8(out);
  }

  // From the first escape to the closing quote.
  bool escapedText(std::string& out) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return false;
      ++at_;
      if (c == '"') return true;
      if (c != '\\') {
        out.push_back(c);
      } else if (!escape(out)) {
        return false;
      }
    }
    return false;
  }

  bool escape(std::string& out) {
    if (at_ >= text_.size()) return false;
    constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const char c = text_[at_++];
    if (const size_t known = kNames.find(c); known != kNames.npos) {
      out.push_back(kMeanings[known]);
      return true;
    }
    uint32_t code = 0;
    if (c != 'u' || !hex(code)) return false;
    if (code >= 0xdc00 && code < 0xe000) return false;  // the second half of a pair alone
    if (code >= 0xd800 && code < 0xdc00) {
      uint32_t low = 0;
      if (!word("\\u") || !hex(low) || low < 0xdc00 || low >= 0xe000) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    appendUtf8(out, code);
    return true;
  }

  bool hex(uint32_t& code) {
    if (text_.size() - at_ < 4) return false;
    code = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = text_[at_++];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return false;
      code = code << 4 | static_cast<uint32_t>(digit);
    }
    return true;
  }

  const std::string_view text_;
  size_t at_ = 0;
  std::string problem_;
};

}  // namespace

Result<Value> parseValue(std::string_view json) {
  Value value;
  ValueReader reader(json);
  if (!reader.whole(value)) return invalidArgument("not valid JSON: " + reader.problem());
  return value;
}

}  // namespace junctor::mapping
