#include "base/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/bytes.h"

namespace junctor {
namespace {

bool needsEscape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// Is all of it ASCII that needs no escape? Eight bytes at a time: most text of an event is.
bool isPlain(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  const auto zeroByte = [](uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    const uint64_t controls = (word - kOnes * 0x20) & ~word & kHighs;
    const uint64_t quotes = zeroByte(word ^ (kOnes * '"')) | zeroByte(word ^ (kOnes * '\\'));
    if (((word & kHighs) | controls | quotes) != 0) return false;
  }
  for (; i < text.size(); ++i) {
    if (needsEscape(text[i]) || (text[i] & 0x80) != 0) return false;
  }
  return true;
}

void appendEscape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\u00";
  out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
  out.push_back(kHex[static_cast<unsigned char>(c) & 15]);
}

void appendValid(std::string& out, std::string_view text) {
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!needsEscape(text[i])) continue;
    out.append(text, start, i - start);
    appendEscape(out, text[i]);
    start = i + 1;
  }
  out.append(text, start, std::string_view::npos);
}

// Replaces each byte that is not part of valid UTF-8: longest valid runs are kept.
void appendRepaired(std::string& out, std::string_view text) {
  while (!text.empty()) {
    size_t size = 1;
    while (size <= 4 && size <= text.size() && !validUtf8(text.substr(0, size))) ++size;
    if (size > 4 || size > text.size()) {
      out += "\xef\xbf\xbd";
      text.remove_prefix(1);
    } else {
      appendValid(out, text.substr(0, size));
      text.remove_prefix(size);
    }
  }
}

template <class T>
void appendNumber(std::string& out, T value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

}  // namespace

bool tryAppendJsonString(std::string& out, std::string_view text) {
  const bool plain = isPlain(text);
  if (!plain && !validUtf8(text)) return false;
  out.push_back('"');
  if (plain) {
    out.append(text);
  } else {
    appendValid(out, text);
  }
  out.push_back('"');
  return true;
}

void appendJsonString(std::string& out, std::string_view text) {
  if (tryAppendJsonString(out, text)) return;
  out.push_back('"');
  appendRepaired(out, text);
  out.push_back('"');
}

void JsonWriter::separate() {
  if (comma_) out_.push_back(',');
  comma_ = true;
}

JsonWriter& JsonWriter::beginObject() {
  separate();
  out_.push_back('{');
  comma_ = false;
  return *this;
}
JsonWriter& JsonWriter::endObject() {
  out_.push_back('}');
  comma_ = true;
  return *this;
}
JsonWriter& JsonWriter::beginArray() {
  separate();
  out_.push_back('[');
  comma_ = false;
  return *this;
}
JsonWriter& JsonWriter::endArray() {
  out_.push_back(']');
  comma_ = true;
  return *this;
}
JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  appendJsonString(out_, name);
  out_.push_back(':');
  comma_ = false;
  return *this;
}
JsonWriter& JsonWriter::string(std::string_view text) {
  separate();
  appendJsonString(out_, text);
  return *this;
}
JsonWriter& JsonWriter::integer(int64_t value) {
  separate();
  appendNumber(out_, value);
  return *this;
}
JsonWriter& JsonWriter::unsignedInteger(uint64_t value) {
  separate();
  appendNumber(out_, value);
  return *this;
}
JsonWriter& JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();
  separate();
  appendNumber(out_, value);
  return *this;
}
JsonWriter& JsonWriter::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
  return *this;
}
JsonWriter& JsonWriter::null() {
  separate();
  out_ += "null";
  return *this;
}
JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace junctor
