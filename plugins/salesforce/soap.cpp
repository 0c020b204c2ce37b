#include "soap.h"

namespace salesforce {
namespace {

using jnc::Text;

constexpr size_t kDepthMax = 32;
constexpr Text kSpace = " \t\r\n";

Text localName(Text name) {
  const size_t colon = name.find(':');
  return colon == Text::npos ? name : name.substr(colon + 1);
}

class Parser {
 public:
  explicit Parser(Text text) : rest_(text) {}

  Element document() {
    skipOutside();
    Element root = element(0);
    skipOutside();
    if (!rest_.empty()) throw jnc::invalid("the XML goes on after its end");
    return root;
  }

 private:
  [[noreturn]] static void broken() { throw jnc::invalid("the body is not well-formed XML"); }

  bool take(Text what) {
    if (rest_.substr(0, what.size()) != what) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  Text until(Text what) {
    const size_t at = rest_.find(what);
    if (at == Text::npos) broken();
    const Text found = rest_.substr(0, at);
    rest_.remove_prefix(at + what.size());
    return found;
  }
  void skipSpace() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size())); }
  void skipOutside() {
    take("\xEF\xBB\xBF");
    for (;;) {
      skipSpace();
      if (take("<?")) {
        until("?>");
      } else if (take("<!--")) {
        until("-->");
      } else {
        return;
      }
    }
  }
  Text name() {
    const size_t end = std::min(rest_.find_first_of(" \t\r\n/>="), rest_.size());
    const Text found = rest_.substr(0, end);
    if (found.empty() || found.front() == '!' || found.front() == '?') broken();
    rest_.remove_prefix(end);
    return found;
  }

  Element element(size_t depth) {
    if (depth > kDepthMax || !take("<")) broken();
    Element out;
    const Text tag = name();
    out.name = localName(tag);
    attributes(out);
    if (take("/>")) return out;
    if (!take(">")) broken();
    content(out, depth);
    if (name() != tag) broken();
    skipSpace();
    if (!take(">")) broken();
    return out;
  }

  void attributes(Element& out) {
    for (skipSpace(); !rest_.empty() && rest_.front() != '>' && rest_.front() != '/'; skipSpace()) {
      const Text key = name();
      if (!take("=")) broken();
      const bool single = rest_.substr(0, 1) == "'";
      if (!single && rest_.substr(0, 1) != "\"") broken();
      rest_.remove_prefix(1);
      const std::string value = decoded(until(single ? "'" : "\""));
      if (localName(key) == "type") out.type = localName(value);
      if (localName(key) == "nil") out.nil = value == "true" || value == "1";
    }
  }

  // Up to and with "</".
  void content(Element& out, size_t depth) {
    for (;;) {
      const size_t mark = rest_.find('<');
      if (mark == Text::npos) broken();
      out.text += decoded(rest_.substr(0, mark));
      rest_.remove_prefix(mark);
      if (take("</")) return;
      if (take("<!--")) {
        until("-->");
      } else if (take("<![CDATA[")) {
        out.text += until("]]>");
      } else {
        out.children.push_back(element(depth + 1));
      }
    }
  }

  static void appendUtf8(std::string& out, uint32_t code) {
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) broken();
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | (code >> 6));
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0 | (code >> 12));
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      out += static_cast<char>(0xF0 | (code >> 18));
      out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    }
  }

  static void appendEntity(std::string& out, Text entity) {
    constexpr std::pair<Text, char> kNamed[] = {
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    for (const auto& [name, character] : kNamed) {
      if (name != entity) continue;
      out += character;
      return;
    }
    if (entity.size() < 2 || entity.front() != '#') broken();
    const bool hex = entity[1] == 'x';
    const Text digits = entity.substr(hex ? 2 : 1);
    uint32_t code = 0;
    const auto read =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
    if (digits.empty() || read.ptr != digits.data() + digits.size()) broken();
    appendUtf8(out, code);
  }

  static std::string decoded(Text text) {
    std::string out;
    for (;;) {
      const size_t mark = text.find('&');
      out += text.substr(0, mark);
      if (mark == Text::npos) return out;
      const size_t end = text.find(';', mark);
      if (end == Text::npos || end - mark > 12) broken();
      appendEntity(out, text.substr(mark + 1, end - mark - 1));
      text.remove_prefix(end + 1);
    }
  }

  Text rest_;
};

}  // namespace

const Element& Element::operator[](jnc::Text child) const {
  static const Element kNone;
  for (const Element& each : children) {
    if (each.name == child) return each;
  }
  return kNone;
}

Element parseXml(jnc::Text text) {
  if (!jnc::isUtf8(text)) throw jnc::invalid("the body is not UTF-8");
  return Parser(text).document();
}

}  // namespace salesforce
