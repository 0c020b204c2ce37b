#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "mapping/forms.h"

namespace junctor::mapping {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string_view stripped(std::string_view text) {
  const size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

struct Entity {
  std::string_view name, text;
};
constexpr Entity kEntities[] = {{"&amp;", "&"}, {"&lt;", "<"},   {"&gt;", ">"},  {"&quot;", "\""},
                                {"&#39;", "'"}, {"&apos;", "'"}, {"&nbsp;", " "}};

// Does the tag that starts at `text` end a line of the text?
bool breaksLine(std::string_view tag) {
  const std::string lower = lowerAscii(tag);
  constexpr std::string_view kBreaks[] = {"<br", "</p", "</div", "</li", "</tr", "</h"};
  return std::any_of(std::begin(kBreaks), std::end(kBreaks),
                     [&lower](std::string_view name) { return lower.starts_with(name); });
}

// Sign, digits before and after the point; no exponent.
struct Decimal {
  bool negative = false;
  std::string whole, fraction;
};

Result<Decimal> decimalOf(std::string_view literal) {
  if (!isJsonNumber(literal)) return invalidArgument("is no number");
  if (literal.find_first_of("eE") != literal.npos) {
    return invalidArgument("numbers with an exponent are not shifted");
  }
  Decimal decimal;
  decimal.negative = literal.starts_with('-');
  if (decimal.negative) literal.remove_prefix(1);
  const size_t point = std::min(literal.find('.'), literal.size());
  decimal.whole = literal.substr(0, point);
  if (point < literal.size()) decimal.fraction = literal.substr(point + 1);
  return decimal;
}

// Without zeros that mean nothing: the normal form that comes back.
std::string literalOf(Decimal decimal) {
  decimal.fraction.erase(decimal.fraction.find_last_not_of('0') + 1);
  decimal.whole.erase(0, std::min(decimal.whole.find_first_not_of('0'), decimal.whole.size()));
  if (decimal.whole.empty()) decimal.whole = "0";
  std::string out = (decimal.negative ? "-" : "") + decimal.whole;
  if (!decimal.fraction.empty()) out += '.' + decimal.fraction;
  return out;
}

}  // namespace

Result<std::string> normalEmail(std::string_view text) {
  const size_t open = text.rfind('<');
  if (open != text.npos && stripped(text).ends_with('>')) {  // "Ann Lee <ann@x.com>"
    text = text.substr(open + 1, text.rfind('>') - open - 1);
  }
  const std::string email = lowerAscii(stripped(text));
  const size_t at = email.find('@');
  constexpr size_t kAddressMax = 254;  // RFC 5321
  const bool whole = at != email.npos && at > 0 && email.find('@', at + 1) == email.npos &&
                     email.find_first_of(" \t\r\n<>,;\"") == email.npos;
  const bool domain = whole && at + 1 < email.size() && email.back() != '.' &&
                      email[at + 1] != '.' && email.find("..", at) == email.npos;
  if (!domain || email.size() > kAddressMax) return invalidArgument("is no mail address");
  return email;
}

Result<Value> shiftPoint(const Value& number, int places) {
  if (!number.isNumber() && !number.isText()) return invalidArgument("must be a number");
  JUNCTOR_TRY(Decimal decimal, decimalOf(number.asText()));
  for (; places > 0; --places) {
    decimal.whole += decimal.fraction.empty() ? '0' : decimal.fraction.front();
    if (!decimal.fraction.empty()) decimal.fraction.erase(0, 1);
  }
  for (; places < 0; ++places) {
    decimal.fraction.insert(0, 1, decimal.whole.empty() ? '0' : decimal.whole.back());
    if (!decimal.whole.empty()) decimal.whole.pop_back();
  }
  return Value::number(literalOf(std::move(decimal)));
}

Result<Value> joinName(const Value& parts) {
  if (!parts.isArray()) return invalidArgument("must be a list of name parts");
  std::string name;
  for (const Value& part : parts.items()) {
    if (!part.isText() && !part.isNull()) return invalidArgument("a part of a name must be text");
    if (part.asText().empty()) continue;
    if (!name.empty()) name += ' ';
    name += part.asText();
  }
  return Value::text(std::move(name));
}

// The last word is the family name; a single word too, since providers require that one.
Result<Value> splitName(const Value& text) {
  if (!text.isText()) return invalidArgument("must be text");
  const std::string_view name = stripped(text.asText());
  const size_t space = name.find_last_of(kSpace);
  if (space == name.npos) return Value::array({Value(), Value::text(std::string(name))});
  return Value::array({Value::text(std::string(stripped(name.substr(0, space)))),
                       Value::text(std::string(name.substr(space + 1)))});
}

Result<Value> joinTexts(const Value& list, std::string_view separator) {
  if (!list.isArray()) return invalidArgument("must be a list");
  std::string out;
  for (size_t i = 0; i < list.items().size(); ++i) {
    if (!list.items()[i].isText()) return invalidArgument("an item must be text");
    if (i > 0) out += separator;
    out += list.items()[i].asText();
  }
  return Value::text(std::move(out));
}

// Space around separator and items does not count: "a,b" and "a, b" are the same list.
Result<Value> splitText(const Value& text, std::string_view separator) {
  if (!text.isText()) return invalidArgument("must be text");
  if (!stripped(separator).empty()) separator = stripped(separator);
  Value list = Value::array();
  std::string_view rest = text.asText();
  if (stripped(rest).empty()) return list;
  while (true) {
    const size_t end = std::min(rest.find(separator), rest.size());
    list.items().push_back(Value::text(std::string(stripped(rest.substr(0, end)))));
    if (end == rest.size()) return list;
    rest.remove_prefix(end + separator.size());
  }
}

std::string textOfHtml(std::string_view html) {
  std::string out;
  while (!html.empty()) {
    const size_t close = html.front() == '<' ? html.find('>') : html.npos;
    if (close != html.npos) {
      if (breaksLine(html) && !out.empty() && out.back() != '\n') out += '\n';
      html.remove_prefix(close + 1);
      continue;
    }
    const auto* entity = std::find_if(std::begin(kEntities), std::end(kEntities),
                                      [html](auto& e) { return html.starts_with(e.name); });
    const bool known = entity != std::end(kEntities);
    out += known ? entity->text : html.substr(0, 1);
    html.remove_prefix(known ? entity->name.size() : 1);
  }
  return std::string(stripped(out));
}

std::string_view firstCharacters(std::string_view text, size_t max) {
  size_t characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (starts && ++characters > max) return text.substr(0, i);
  }
  return text;
}

}  // namespace junctor::mapping
