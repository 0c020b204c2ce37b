#include "script/matcher.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <compare>
#include <cstring>

namespace junctor::script {
namespace {

std::optional<std::string_view> textOf(const Field& field) {
  if (field.kind == Field::Kind::Text) return field.text;
  if (field.kind == Field::Kind::Json && field.json.isString()) return field.json.asString();
  return std::nullopt;
}

// Exact: an integer is never rounded to a double to be compared.
std::partial_ordering compare(int64_t a, double b) {
  constexpr double kTwo63 = 9223372036854775808.0;
  if (std::isnan(b)) return std::partial_ordering::unordered;
  if (b >= kTwo63) return std::partial_ordering::less;
  if (b < -kTwo63) return std::partial_ordering::greater;
  const double whole = std::floor(b);
  const auto integer = static_cast<int64_t>(whole);
  if (a != integer) return a <=> integer;
  return whole < b ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

std::partial_ordering compare(const Field& field, const Numeric& wanted) {
  const auto against = [&wanted](int64_t value) -> std::partial_ordering {
    if (const auto* integer = std::get_if<int64_t>(&wanted)) return value <=> *integer;
    return compare(value, std::get<double>(wanted));
  };
  if (field.kind != Field::Kind::Json) return std::partial_ordering::unordered;
  switch (field.json.type()) {
    case JsonType::Int:
      return against(*field.json.asInt());
    case JsonType::Uint: {  // beyond int64
      const auto* real = std::get_if<double>(&wanted);
      if (real == nullptr) return std::partial_ordering::greater;
      return static_cast<double>(*field.json.asUint()) <=> *real;
    }
    case JsonType::Double: {
      const double value = *field.json.asDouble();
      if (const auto* integer = std::get_if<int64_t>(&wanted))
        return 0 <=> compare(*integer, value);
      return value <=> std::get<double>(wanted);
    }
    default:
      return std::partial_ordering::unordered;
  }
}

std::partial_ordering order(const Matcher& matcher, const Field& field) {
  if (matcher.number) return compare(field, *matcher.number);
  const auto text = textOf(field);
  if (!text) return std::partial_ordering::unordered;
  return *text <=> std::string_view(matcher.text);
}

bool present(const Field& field) {
  return !field.absent() &&
         !(field.kind == Field::Kind::Json && field.json.type() == JsonType::Null);
}

bool anyElement(const Matcher& matcher, const Field& field) {
  if (field.kind != Field::Kind::Json || !field.json.isArray()) return matcher.matches(field);
  for (auto it = field.json.begin(), end = field.json.end(); it != end; ++it) {
    if (matcher.matches(Field::ofJson(*it))) return true;
  }
  return false;
}

bool parseAddress(const std::string& text, Network& out) {
  out.v6 = text.find(':') != text.npos;
  return inet_pton(out.v6 ? AF_INET6 : AF_INET, text.c_str(), out.bytes) == 1;
}

}  // namespace

std::optional<Network> Network::parse(std::string_view text) {
  constexpr size_t kTextMax = 64;
  if (text.size() > kTextMax) return std::nullopt;
  Network network;
  const size_t slash = text.find('/');
  if (!parseAddress(std::string(text.substr(0, slash)), network)) return std::nullopt;
  const unsigned bits_max = network.v6 ? 128 : 32;
  network.bits = bits_max;
  if (slash == text.npos) return network;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, network.bits);
  if (error != std::errc() || stop != end || network.bits > bits_max) return std::nullopt;
  return network;
}

bool Network::contains(std::string_view address) const {
  const auto other = parse(address);
  if (!other || other->v6 != v6 || address.find('/') != address.npos) return false;
  const unsigned whole = bits / 8;
  if (std::memcmp(bytes, other->bytes, whole) != 0) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((bytes[whole] ^ other->bytes[whole]) >> (8 - rest)) == 0;
}

bool Matcher::matches(const Field& field) const {
  switch (kind) {
    case Kind::Text: {
      const auto value = textOf(field);
      return value && *value == text;
    }
    case Kind::Wildcard: {
      const auto value = textOf(field);
      return value && glob->matches(*value);
    }
    case Kind::Number:
      return std::is_eq(compare(field, *number));
    case Kind::Bool:
      return field.kind == Field::Kind::Json && field.json.asBool() == flag;
    case Kind::Null:
      return field.kind == Field::Kind::Json && !present(field);
    case Kind::Any:
      return anyElement(children.front(), field);
    case Kind::Gt:
      return std::is_gt(order(*this, field));
    case Kind::Ge:
      return std::is_gteq(order(*this, field));
    case Kind::Lt:
      return std::is_lt(order(*this, field));
    case Kind::Le:
      return std::is_lteq(order(*this, field));
    case Kind::Exists:
      return present(field) == flag;
    case Kind::Cidr: {
      const auto value = textOf(field);
      return value && std::any_of(networks.begin(), networks.end(),
                                  [&](const Network& network) { return network.contains(*value); });
    }
    case Kind::Not:
      return !children.front().matches(field);
    case Kind::OneOf:
      return std::any_of(children.begin(), children.end(),
                         [&](const Matcher& child) { return child.matches(field); });
    case Kind::All:
      return std::all_of(children.begin(), children.end(),
                         [&](const Matcher& child) { return child.matches(field); });
  }
  return false;
}

int Matcher::cost() const {
  int sum = 1;
  switch (kind) {
    case Kind::Wildcard:
    case Kind::Cidr:
      sum = 10;
      break;
    case Kind::Any:
      sum = 20;
      break;
    default:
      break;
  }
  for (const Matcher& child : children) sum += child.cost();
  return sum;
}

}  // namespace junctor::script
