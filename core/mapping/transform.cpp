#include "mapping/transform.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "mapping/forms.h"

namespace junctor::mapping {
namespace {

using Kind = Transform::Kind;

Error mustBe(std::string_view wanted, const Value& value) {
  return invalidArgument(fmt::format("must be {}, is {}", wanted, nameOf(value.type())));
}

std::string upperAscii(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

// Line ends and tabs count as space.
std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

Result<Value> numberOf(const Value& value) {
  if (value.isNumber()) return value;
  if (!value.isText()) return mustBe("text", value);
  if (!isJsonNumber(value.asText())) return invalidArgument("the text is no number");
  return Value::number(value.asText());
}

Result<Value> textOf(const Value& value) {
  if (value.isText()) return value;
  if (!value.isNumber()) return mustBe("a number", value);
  return Value::text(value.asText());
}

Result<Value> boolWord(const Transform& t, const Value& value, Direction direction) {
  if (direction == Direction::ToExternal) {
    if (!value.isBool()) return mustBe("true or false", value);
    return Value::text(value.asBool() ? t.argument : t.second);
  }
  if (value.isBool()) return value;
  if (value.isText() && value.asText() == t.argument) return Value::boolean(true);
  if (value.isText() && value.asText() == t.second) return Value::boolean(false);
  return invalidArgument("is neither of the two words");
}

Result<Value> affix(const Transform& t, const Value& value, Direction direction) {
  if (!value.isText()) return mustBe("text", value);
  const std::string& text = value.asText();
  const bool prefix = t.kind == Kind::Prefix;
  if (direction == Direction::ToExternal) {
    return Value::text(prefix ? t.argument + text : text + t.argument);
  }
  if (prefix ? !text.starts_with(t.argument) : !text.ends_with(t.argument)) {
    return invalidArgument(prefix ? "the prefix is missing" : "the suffix is missing");
  }
  const size_t rest = text.size() - t.argument.size();
  return Value::text(prefix ? text.substr(t.argument.size()) : text.substr(0, rest));
}

Result<Value> each(const Transform& t, const Value& value, Direction direction) {
  if (!value.isArray()) return mustBe("a list", value);
  Value out = Value::array();
  for (size_t i = 0; i < value.items().size(); ++i) {
    auto item = applyAll(t.steps, value.items()[i], direction);
    if (!item) return invalidArgument(fmt::format("item {}: {}", i, item.error().message));
    out.items().push_back(std::move(*item));
  }
  return out;
}

Result<Value> member(const Transform& t, const Value& value, Direction direction) {
  if (direction == Direction::ToExternal) return Value::object({{t.argument, value}});
  const Value* found = value.find(t.argument);
  if (!found) return invalidArgument(fmt::format("has no member \"{}\"", t.argument));
  return *found;
}

Result<Value> list(const Value& value, Direction direction) {
  if (direction == Direction::ToExternal) return Value::array({value});
  if (!value.isArray()) return mustBe("a list", value);
  return value.items().empty() ? Value() : value.items().front();
}

// The same work in both directions.
Result<Value> normalForm(const Transform& t, const Value& value) {
  if (!value.isText()) return mustBe("text", value);
  const std::string& text = value.asText();
  if (t.kind == Kind::Trim) return Value::text(trimmed(text));
  if (t.kind == Kind::Lower) return Value::text(lowerAscii(text));
  if (t.kind == Kind::Upper) return Value::text(upperAscii(text));
  if (t.kind == Kind::Html) return Value::text(textOfHtml(text));
  if (t.kind == Kind::E164) {
    JUNCTOR_TRY(std::string phone, e164(text, t.argument));
    return Value::text(std::move(phone));
  }
  JUNCTOR_TRY(std::string email, normalEmail(text));
  if (t.kind == Kind::Email) return Value::text(std::move(email));
  return Value::text(email.substr(email.find('@') + 1));
}

Result<Value> toExternal(const Transform& t, const Value& value) {
  switch (t.kind) {
    case Kind::Number:
      return numberOf(value);
    case Kind::Text:
      return textOf(value);
    case Kind::Shift:
      return shiftPoint(value, t.count);
    case Kind::Time:
      return formTime(value, t.argument);
    case Kind::JoinName:
      return joinName(value);
    case Kind::SplitName:
      return splitName(value);
    case Kind::Join:
      return joinTexts(value, t.argument);
    case Kind::Split:
      return splitText(value, t.argument);
    case Kind::Adf:
      if (!value.isText()) return mustBe("text", value);
      return adfOfText(value.asText());
    default:
      return normalForm(t, value);
  }
}

Result<Value> fromExternal(const Transform& t, const Value& value) {
  switch (t.kind) {
    case Kind::Number:
      return textOf(value);
    case Kind::Text:
      return numberOf(value);
    case Kind::Shift:
      return shiftPoint(value, -t.count);
    case Kind::Time:
      return readTime(value, t.argument);
    case Kind::JoinName:
      return splitName(value);
    case Kind::SplitName:
      return joinName(value);
    case Kind::Join:
      return splitText(value, t.argument);
    case Kind::Split:
      return joinTexts(value, t.argument);
    case Kind::Adf:
      return textOfAdf(value);
    default:
      return normalForm(t, value);
  }
}

}  // namespace

Inverse inverseOf(const Transform& t) {
  switch (t.kind) {
    case Kind::Domain:
    case Kind::Html:
      return Inverse::None;
    case Kind::Trim:
    case Kind::Lower:
    case Kind::Upper:
    case Kind::Email:
    case Kind::E164:
    case Kind::Shift:
    case Kind::Time:
    case Kind::JoinName:
    case Kind::SplitName:
    case Kind::Join:
    case Kind::Split:
      return Inverse::Normal;
    case Kind::Each: {
      Inverse least = Inverse::Exact;
      for (const Transform& step : t.steps) least = std::max(least, inverseOf(step));
      return least;
    }
    default:
      return Inverse::Exact;
  }
}

Result<Value> apply(const Transform& t, const Value& value, Direction direction) {
  if (value.isNull()) return value;
  switch (t.kind) {
    case Kind::Bool:
      return boolWord(t, value, direction);
    case Kind::Enum:
      return enumWord(t, value, direction);
    case Kind::Prefix:
    case Kind::Suffix:
      return affix(t, value, direction);
    case Kind::Each:
      return each(t, value, direction);
    case Kind::Member:
      return member(t, value, direction);
    case Kind::List:
      return list(value, direction);
    default:
      return direction == Direction::ToExternal ? toExternal(t, value) : fromExternal(t, value);
  }
}

Result<Value> applyAll(const std::vector<Transform>& transforms, const Value& value,
                       Direction direction) {
  Value at = value;
  const size_t count = transforms.size();
  for (size_t i = 0; i < count; ++i) {
    const Transform& t = transforms[direction == Direction::ToExternal ? i : count - 1 - i];
    auto next = apply(t, at, direction);
    if (!next) return invalidArgument(fmt::format("{}: {}", nameOf(t), next.error().message));
    at = std::move(*next);
  }
  return at;
}

}  // namespace junctor::mapping
